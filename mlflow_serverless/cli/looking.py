"""Commands that look and change nothing."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from mlflow_serverless.cli.remembering import asking_when, moment
from mlflow_serverless.cli.session import Session, command, examples, named, table
from mlflow_serverless.world import LogLine

_POLL_SECONDS = 0.5
_OVERLAP = timedelta(seconds=10)


@click.command()
@command
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--name", "named", metavar="NAME", help="The same as NAME.")
def status(session: Session, *, name: str | None, named: str | None) -> None:
    """List what is deployed, or show NAME with its settings."""
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
            console.print(table("", ("", ""), list(_lines(described[0]))))
        else:
            keys = ("name", "version", "model_uri", "endpoint", "created")
            rows = [
                (*(str(item[key]) for key in keys[:-1]), second(item["created"]))
                for item in described
            ]
            console.print(table(world.target, keys, rows))

    session.result(described[0] if chosen else described, show)


def _lines(described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is known of a deployment; of several things under one name a line each."""
    for key, value in described.items():
        if key == "created":
            yield key, second(value)
        elif isinstance(value, list):
            yield from zip_longest([key], map(str, value), fillvalue="")
        elif not isinstance(value, Mapping):
            yield key, escape(str(value))
        else:
            for number, (inner, said) in enumerate(_leaves(value)):
                yield "" if number else key, escape(f"{inner} = {said}")


def _leaves(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Keys as they are typed (`image.builder`), and values."""
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _leaves(inner, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(inner)


def second(created: str | None) -> str:
    """A moment, to the second; as it is where it is none."""
    try:
        at = datetime.fromisoformat(created or "").astimezone(UTC)
    except ValueError:
        return created or ""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


@click.command(
    epilog=examples(
        "mlflow-serverless history fraud --moves",
        "mlflow-serverless history fraud --at 2026-11-21T12:00",
    )
)
@command
@named
@asking_when
def history(session: Session, *, name: str) -> None:
    """List the versions of NAME, newest first, and which serve."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    versions = pipeline.history(name, session.world())

    def show(console: Console) -> None:
        columns = (
            "version", "serves", "model", "memory", "created", "by", "digest", "parity",
        )  # fmt: skip
        rows = [
            (
                item.version, ", ".join(item.aliases), item.model,
                f"{item.memory_mb} MB", second(item.created), escape(item.by),
                digest_of(item.artifact), escape(item.parity),
            )
            for item in versions
        ]  # fmt: skip
        console.print(table(name, columns, rows))

    session.result([asdict(item) for item in versions], show)


def digest_of(artifact: str) -> str:
    """The start of the digest that an artifact's address ends with."""
    return artifact.rpartition("sha256:")[2][:12]


@click.command()
@command
@named
@click.option(
    "--since", callback=moment, metavar="TIME",
    help="Only lines after this time (ISO 8601, UTC).",
)  # fmt: skip
@click.option("-f", "--follow", is_flag=True, help="Wait for more, until Ctrl-C.")
def logs(session: Session, *, name: str, since: datetime | None, follow: bool) -> None:
    """Print what NAME has logged, oldest first."""
    from mlflow_serverless.pipeline.look import there  # noqa: PLC0415 - `--help` stays quick

    world = session.world()
    there(name, world.cloud)
    tail = Tail(since)
    while True:
        for line in tail.new(world.cloud.logs(name, since=tail.since)):
            click.echo(_json(line) if session.as_json else _text(line))
        if not follow:
            return
        time.sleep(_POLL_SECONDS)


class Tail:
    """
    Lines that were not there before.

    CloudWatch takes lines some seconds after they were written, and not in order, so
    each look goes back a little, and what was shown since then is remembered.
    """

    def __init__(self, since: datetime | None) -> None:
        self.since = since
        self._seen: dict[LogLine, None] = {}

    def new(self, lines: Iterable[LogLine]) -> Iterator[LogLine]:
        """Those of *lines* (oldest first) that no earlier call has given."""
        for line in lines:
            if line in self._seen:
                continue
            self._seen[line] = None
            yield line
        if self._seen:
            back = max(line.at for line in self._seen) - _OVERLAP
            self.since = max(back, self.since) if self.since else back
            self._seen = {line: None for line in self._seen if line.at >= back}


def _text(line: LogLine) -> str:
    at = line.at.isoformat(timespec="milliseconds")
    return f"{at} {line.version:>4} {line.environment[:8]} {line.text.rstrip()}"


def _json(line: LogLine) -> str:
    return json.dumps(asdict(line), default=str)
