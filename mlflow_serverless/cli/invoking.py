"""Calling a deployment with a file's bytes as they are."""

import sys
from typing import BinaryIO

import click

from mlflow_serverless.cli.session import Session, command, examples, named


@click.command(
    epilog=examples(
        "mlflow-serverless invoke fraud -p request.json",
        'echo \'{"dataframe_records": [{"age": 42, "city": "Oslo"}]}\' \\',
        "  | mlflow-serverless invoke fraud",
    )
)
@command
@named
@click.option(
    "-p", "--payload", type=click.File("rb"), default="-", show_default=True,
    help="The request: a file, or - for standard input. Sent as it is.",
)  # fmt: skip
@click.option(
    "--qualifier", metavar="ALIAS|VERSION",
    help="Ask this alias or version; by default the alias that callers use.",
)  # fmt: skip
@click.option(
    "--door", type=click.Choice(["url", "api"]),
    help="AWS: ask through its function URL or HTTP API, as callers do.",
)  # fmt: skip
@click.option(
    "--token", envvar="MLFLOW_SERVERLESS_TOKEN", show_envvar=True, default="",
    help="AWS: bearer token for an API that wants one (api.auth=jwt).",
)  # fmt: skip
def invoke(  # noqa: PLR0913 - one argument an option
    session: Session,
    *,
    name: str,
    payload: BinaryIO,
    qualifier: str | None,
    door: str | None,
    token: str,
) -> None:
    """
    Send a request to NAME; print the answer as it comes.

    The request is what a caller would post to /invocations.
    """
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    if door and qualifier:
        message = "a door leads to NAME's own alias: leave --qualifier out."
        raise click.UsageError(message)
    world = session.world()
    if door:
        body = payload.read()
        _print(pipeline.ask_outside(name, body, world, door=door, token=token))
        world.tell("invoke.done", what=f"through its {door}", door=door)
        return
    chosen = qualifier or pipeline.status(name, world).alias
    reply = pipeline.ask(world.cloud, name, payload.read(), qualifier=chosen)
    _print(reply.payload)
    start = "cold start" if reply.cold else "warm"
    world.tell(
        "invoke.done",
        what=f"version {reply.version}, {start}, {reply.duration_ms:.1f} ms",
        version=reply.version, cold=reply.cold, duration_ms=reply.duration_ms,
    )  # fmt: skip


def _print(answer: bytes) -> None:
    """Byte for byte; ended by a line on a terminal."""
    sys.stdout.buffer.write(answer)
    if sys.stdout.isatty():
        click.echo()
    sys.stdout.flush()
