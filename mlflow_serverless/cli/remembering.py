"""The options of `history` that ask what served when, and why."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape

from mlflow_serverless.cli.session import Session, table

if TYPE_CHECKING:
    from mlflow_serverless.lineage import Move


def moment(
    context: click.Context, option: click.Parameter, text: str | None
) -> datetime | None:
    """The value of an option that is a time: ISO 8601; UTC where no zone is given."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as cause:
        message = f"{text!r} is no ISO 8601 time, as 2026-11-21T12:00 is."
        raise click.BadParameter(message, context, option) from cause
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def asking_when(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give `history` the options `--moves` and `--at`."""

    @wraps(function)
    def run(session: Session, *, name: str, moves: bool, when: datetime | None) -> None:
        if when is not None:
            _at(session, name, when)
        elif moves:
            _moves(session, name)
        else:
            function(session, name=name)

    for option in (
        click.option(
            "--at", "when", callback=moment, metavar="TIME",
            help="Show what served at this time (ISO 8601, UTC), and why.",
        ),
        click.option(
            "--moves", is_flag=True,
            help="List every move of traffic with its cause, newest first.",
        ),
    ):  # fmt: skip
        run = option(run)
    return run


def _at(session: Session, name: str, when: datetime) -> None:
    from mlflow_serverless.lineage import serving_at  # noqa: PLC0415 - `--help` stays quick

    found = serving_at(_timeline(session, name), when)
    moment = when.isoformat()

    def show(console: Console) -> None:
        if found is None:
            console.print(f"nothing is known to have served as {name} at {moment}.")
            return
        console.print(f"{name} served {found.model} as version {found.version}")
        console.print(f"  since  {found.at.isoformat()}")
        console.print(f"  why    {escape(found.why)}")
        if found.cause:
            console.print(f"  cause  {escape(found.cause.text())}")

    served = found.described() if found else None
    session.result({"deployment": name, "at": moment, "serving": served}, show)


def _moves(session: Session, name: str) -> None:
    found = _timeline(session, name)

    def show(console: Console) -> None:
        if not found:
            console.print(f"nothing is known to have served as {name}.")
            return
        rows = [
            (
                move.at.isoformat(timespec="seconds"), move.does.value, move.model,
                move.version, escape(move.why), escape(move.cause.text()),
            )
            for move in found
        ]  # fmt: skip
        columns = ("at", "does", "model", "version", "why", "cause")
        console.print(table(name, columns, rows))

    session.result([move.described() for move in found], show)


def _timeline(session: Session, name: str) -> "list[Move]":
    from mlflow_serverless.reconcile import MlflowRegistry  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.reconcile.recorded import models_of, timeline  # noqa: PLC0415 - as above

    world, registry = session.world(), MlflowRegistry()
    models = models_of(world.cloud.snapshot(name), registry)
    return timeline(name, world.target, models, registry, where=world.where())
