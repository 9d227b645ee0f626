"""Command that the GitHub Actions call: their inputs, as one other command."""

import os
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import click

from mlflow_serverless.github.errors import BadActionInputError
from mlflow_serverless.github.inputs import ACTIONS, words_of

FOUND = 10
"""What a dry run that found something exits with: `reconcile.outcome.PENDING_EXIT`."""


@click.command()
@click.argument("which", metavar="ACTION", type=click.Choice(sorted(ACTIONS)))
@click.option(
    "--inputs", envvar="INPUTS", show_envvar=True, required=True, metavar="JSON",
    help="All inputs of the action, as toJSON(inputs) gives them.",
)  # fmt: skip
@click.pass_context
def action(context: click.Context, *, which: str, inputs: str) -> None:
    """
    Run one of our GitHub Actions; they call this.

    It is one other command, with the action's inputs as options (docs/ci.md). A dry
    run that finds something to do ends with 0.
    """
    try:
        words = words_of(which, inputs)
    except BadActionInputError as error:
        message = f"{error.message}\nhint: {error.hint}"
        raise click.UsageError(message) from error
    group = context.find_root().command
    with _unheard():
        click.echo(f"mlflow-serverless {shlex.join(words)}", err=True)
        try:
            group.main(args=words, prog_name="mlflow-serverless")
        except SystemExit as end:
            code = end.code
    raise SystemExit(0 if code == FOUND else code)


@contextmanager
def _unheard() -> Iterator[None]:
    """
    Keep the runner from obeying what is printed, as `::set-…::` lines would have it.

    A model's name or a registry's answer may hold any text. The runner reads standard
    output and standard error; the actions join them, so that the order holds.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        yield
        return
    token = secrets.token_hex(16)
    click.echo(f"::stop-commands::{token}")
    try:
        yield
    finally:
        click.echo(f"::{token}::")
