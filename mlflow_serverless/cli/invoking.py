"""Calling a deployment with a file's bytes as they are."""

import sys
from time import perf_counter
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
@click.option(
    "--door", type=click.Choice(["url", "api"]),
    help="Ask through its function URL or HTTP API, as callers do: signed, with a "
    "token, or plainly, as that wants it.",
)  # fmt: skip
@click.option(
    "--token", envvar="MLFLOW_SERVERLESS_TOKEN", show_envvar=True, default="",
    help="For an API that wants a bearer token.",
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
    """Ask NAME; the answer's bytes go to standard output."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    if door and qualifier:
        message = "a door leads to NAME's own alias: leave --qualifier out."
        raise click.UsageError(message)
    world = session.world()
    if door:
        begun, body = perf_counter(), payload.read()
        _print(pipeline.ask_outside(name, body, world, door=door, token=token))
        took = (perf_counter() - begun) * 1000
        world.tell("invoke.done", what=f"through its {door}, {took:.1f} ms", door=door)
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
