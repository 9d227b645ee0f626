"""Commands that look and change nothing."""

import time
from dataclasses import asdict
from datetime import datetime

import click
from rich.console import Console

from mlflow_serverless.cli.session import Session, command, named, table
from mlflow_serverless.world import LogLine, World

_POLL_SECONDS = 0.5


@click.command()
@command
@click.argument("name", required=False)
@click.option("--name", "named", help="The same as NAME.")
def status(session: Session, *, name: str | None, named: str | None) -> None:
    """What is deployed: all, or NAME with its settings."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.door import shapes  # noqa: PLC0415 - as above

    world = session.world()
    chosen = name or named
    found = [pipeline.status(chosen, world)] if chosen else pipeline.listing(world)
    described = [shapes.described(item) for item in found]

    def show(console: Console) -> None:
        if not found:
            console.print(f"nothing is deployed on {world.target}.")
        elif chosen:
            pairs = [(key, str(value)) for key, value in described[0].items()]
            console.print(table("", ("", ""), pairs))
        else:
            keys = ("name", "version", "model_uri", "endpoint", "created")
            rows = [tuple(str(item[key]) for key in keys) for item in described]
            console.print(table(world.target, keys, rows))

    session.result(described[0] if chosen else described, show)


@click.command()
@command
@named
def history(session: Session, *, name: str) -> None:
    """Every version of NAME, newest first, and which of them serve."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    versions = pipeline.history(name, session.world())

    def show(console: Console) -> None:
        columns = ("version", "serves", "model", "memory", "created", "parity")
        rows = [
            (
                item.version, ", ".join(item.aliases), item.model,
                f"{item.memory_mb} MB", item.created, item.parity,
            )
            for item in versions
        ]  # fmt: skip
        console.print(table(name, columns, rows))

    session.result([asdict(item) for item in versions], show)


@click.command()
@command
@named
@click.option("--since", type=click.DateTime(), help="Only lines after this time, UTC.")
@click.option("-f", "--follow", is_flag=True, help="Go on until interrupted.")
def logs(session: Session, *, name: str, since: datetime | None, follow: bool) -> None:
    """What NAME's environments have said, oldest first."""
    from mlflow_serverless.pipeline.look import there  # noqa: PLC0415 - `--help` stays quick

    world = session.world()
    there(name, world.cloud)
    last = _print(session, world, name, _utc(since))
    while follow:
        time.sleep(_POLL_SECONDS)
        last = _print(session, world, name, last)


def _print(
    session: Session, world: World, name: str, since: datetime | None
) -> datetime | None:
    for line in world.cloud.logs(name, since=since):
        if since is not None and line.at <= since:
            continue
        click.echo(_json(line) if session.as_json else _text(line))
        since = line.at
    return since


def _text(line: LogLine) -> str:
    at = line.at.isoformat(timespec="milliseconds")
    return f"{at} {line.version:>4} {line.environment[:8]} {line.text.rstrip()}"


def _json(line: LogLine) -> str:
    import json  # noqa: PLC0415 - only for --json

    return json.dumps(asdict(line), default=str)


def _utc(at: datetime | None) -> datetime | None:
    from datetime import UTC  # noqa: PLC0415 - only here

    return at.replace(tzinfo=UTC) if at else None
