"""Command that checks a policy."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape

from mlflow_serverless.cli.session import Session, command_here, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_serverless.reconcile.policy import Policy, Rule


@click.command()
@command_here
@click.argument(
    "file",
    type=click.Path(path_type=Path),
    metavar="[FILE]",
    default=Path("mlflow-serverless.yaml"),
)
@click.option(
    "--schema", is_flag=True, help="Print the JSON schema of policies instead."
)
def validate(session: Session, *, file: Path, schema: bool) -> None:
    """
    Check a policy FILE: every mistake at once, with its line.

    FILE is mlflow-serverless.yaml if left out. Nothing is looked up or changed.
    """
    from mlflow_serverless import reconcile  # noqa: PLC0415 - `--help` stays quick

    if schema:
        click.echo(reconcile.json_schema(), nl=False)
        return
    policy = reconcile.load(file)
    value = json.loads(policy.model_dump_json())
    session.result(
        {"file": str(file), "policy": value},
        lambda console: _show(console, file, policy),
    )


def _show(console: Console, file: Path, policy: "Policy") -> None:
    """What the policy means, as it was understood."""
    console.print(f"{file} is as it should be.")
    places = [
        (
            name, each.target or "that of -t", each.after or "", each.approval,
            each.strategy or "", each.name,
        )
        for name, each in policy.environments.items()
    ]  # fmt: skip
    of_places = ("environment", "target", "after", "approval", "strategy", "name")
    console.print(table("", of_places, places))
    rules = [
        (
            str(number), escape(each.model), escape(str(each.on)),
            ", ".join(_through(each, policy)), each.retire,
        )
        for number, each in enumerate(policy.models, 1)
    ]  # fmt: skip
    of_rules = ("rule", "model", "on", "environments", "retire")
    console.print(table("", of_rules, rules))


def _through(rule: "Rule", policy: "Policy") -> "Iterable[str]":
    """The environments that *rule*'s models pass through."""
    return policy.environments if rule.environments is None else rule.environments
