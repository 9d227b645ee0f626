"""The list of commands, by what they are for."""

from collections.abc import Mapping

import click

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Deploy": ("deploy", "plan", "verify", "export", "delete"),
    "Use": ("invoke", "status", "history", "logs"),
    "Traffic": (
        "rollout", "advance", "pause", "resume", "promote", "abort", "rollback",
    ),
    "Registry": ("reconcile", "validate", "relay"),
    "Upkeep": ("doctor", "iam", "gc", "local", "action"),
}  # fmt: skip


class Sections(click.Group):
    """A group whose help lists its commands under `SECTIONS`, in that order."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Commands in the order of the sections; what is in none comes last."""
        ordered = [name for names in SECTIONS.values() for name in names]
        return [n for n in ordered if n in self.commands] + sorted(
            set(self.commands) - set(ordered)
        )

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write a list for each section."""
        widest = max(map(len, self.commands))
        room = formatter.width - widest - 6
        for title, names in SECTIONS.items():
            rows = [
                (name.ljust(widest), command.get_short_help_str(room))
                for name in names
                if (command := self.get_command(ctx, name)) and not command.hidden
            ]
            with formatter.section(title):
                formatter.write_dl(rows)
