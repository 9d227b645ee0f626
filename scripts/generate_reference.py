"""Writes docs/reference from the code; `--check` says whether it is up to date."""

import sys
from pathlib import Path

import click

from mlflow_serverless.cli import main as cli
from mlflow_serverless.config import json_schema, markdown
from mlflow_serverless.reconcile import json_schema as policy_schema

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
MADE = "<!-- Made by scripts/generate_reference.py; do not edit. -->"


def pages() -> dict[str, str]:
    """File name to content."""
    return {
        "config.md": markdown(),
        "config.schema.json": json_schema(),
        "policy.schema.json": policy_schema(),
        "cli.md": commands(),
    }


def commands() -> str:
    """Every command with its help, as the terminal shows it."""
    parts = [f"# Commands\n\n{MADE}\n"]
    for path, command in _walk("mlflow-serverless", cli):
        context = click.Context(
            command, info_name=path, terminal_width=80, max_content_width=80
        )
        parts.append(f"## {path}\n\n```\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _walk(path: str, command: click.Command) -> list[tuple[str, click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            found += _walk(f"{path} {name}", command.commands[name])
    return found


def main() -> int:
    """Write the pages, or compare them."""
    made = pages()
    if "--check" not in sys.argv[1:]:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
        return 0
    stale = [name for name, text in made.items() if _read(name) != text]
    for name in stale:
        print(f"docs/reference/{name} is out of date: run {Path(__file__).name}")
    return 1 if stale else 0


def _read(name: str) -> str:
    file = FOLDER / name
    return file.read_text(encoding="utf-8") if file.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
