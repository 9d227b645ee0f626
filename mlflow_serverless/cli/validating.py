"""Command that checks a policy."""

import json
from pathlib import Path

import click
from rich.console import Console

from mlflow_serverless.cli.session import Session, command_here, table


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

    def show(console: Console) -> None:
        console.print(f"{file} is as it should be.")
        rows = [
            (rule.model, str(rule.on), ", ".join(rule.environments or ()) or "all")
            for rule in policy.models
        ]
        console.print(table("", ("model", "on", "environments"), rows))

    value = json.loads(policy.model_dump_json())
    session.result({"file": str(file), "policy": value}, show)
