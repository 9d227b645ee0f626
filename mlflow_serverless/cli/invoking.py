"""Calling a deployment with a file's bytes as they are."""

import sys
from typing import BinaryIO

import click

from mlflow_serverless.cli.session import Session, command, named


@click.command()
@command
@named
@click.option(
    "-p", "--payload", type=click.File("rb"), default="-", show_default=True,
    help="The request: a file, or - for standard input; sent byte for byte.",
)  # fmt: skip
@click.option("--qualifier", help="An alias or a version; by default NAME's own alias.")
def invoke(
    session: Session, *, name: str, payload: BinaryIO, qualifier: str | None
) -> None:
    """Ask NAME; the answer's bytes go to standard output."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    world = session.world()
    chosen = qualifier or pipeline.status(name, world).alias
    reply = pipeline.ask(world.cloud, name, payload.read(), qualifier=chosen)
    sys.stdout.buffer.write(reply.payload)
    if sys.stdout.isatty():
        click.echo()
    sys.stdout.flush()
    start = "cold start" if reply.cold else "warm"
    world.tell(
        "invoke.done",
        what=f"version {reply.version}, {start}, {reply.duration_ms:.1f} ms",
        version=reply.version, cold=reply.cold, duration_ms=reply.duration_ms,
    )  # fmt: skip
