"""Commands of a deployment's later life: going back, and letting go."""

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console

from mlflow_serverless.cli.reporting import Files, reporting
from mlflow_serverless.cli.session import Session, command, named

if TYPE_CHECKING:
    from mlflow_serverless.pipeline.sweeping import Stale
    from mlflow_serverless.plan import Garbage


@click.command()
@command
@named
@click.option(
    "--to", metavar="VERSION", help="To this version; else to the one before."
)
@reporting("Roll back {name}")
def rollback(session: Session, *, name: str, to: str | None, files: Files) -> None:
    """
    Send all traffic of NAME to an earlier version, at once.

    Ends a rollout that is under way. `history` lists the versions.
    """
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    moved = pipeline.rollback(name, session.world(), to=to)
    serves = "serves" if moved.changed else "already serves"
    files.one(
        session, name, intent="RollBack", state="done" if moved.changed else "ignored",
        why=f"version {moved.now.version} {serves}; before: version {moved.before}",
        model=moved.now.model, version=moved.now.version, alias=moved.alias,
        bundle=moved.now.artifact, parity=moved.now.parity,
    )  # fmt: skip

    def show(console: Console) -> None:
        console.print(f"{name}:{moved.alias} {serves} version {moved.now.version}")
        console.print(f"  model   {moved.now.model}")
        console.print(f"  before  version {moved.before}")

    session.result(asdict(moved), show)


@click.command()
@command
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--name", "named_", metavar="NAME", help="The same as NAME.")
@click.option(
    "--keep", type=click.IntRange(min=1),
    help="Newest versions to keep; else as configured (keep_versions).",
)  # fmt: skip
@click.option(
    "--unused-days",
    type=click.FloatRange(min=0),
    default=30,
    show_default=True,
    help="Without NAME: parts of images on this machine go when unused for so long "
    "[days].",
)
@click.option("--yes", is_flag=True, help="Remove them; else only list them.")
def gc(  # noqa: PLR0913 - one argument an option
    session: Session,
    *,
    name: str | None,
    named_: str | None,
    keep: int | None,
    unused_days: float,
    yes: bool,
) -> None:
    """
    List what nothing needs any more; remove it with --yes.

    That is old versions, their images and models: of NAME, or of every deployment
    and of what builds have left on this machine. What serves is always kept.
    """
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    world = session.world()
    chosen = name or named_
    swept = pipeline.gc if yes else pipeline.spare
    names = (chosen,) if chosen else world.cloud.names()
    found = [swept(each, world, keep=keep) for each in names]
    look = pipeline.sweep if yes else pipeline.stale
    here = None if chosen else look(world, days=unused_days)

    def show(console: Console) -> None:
        for garbage in found:
            _show(garbage, console)
        if here is not None:
            console.print(f"this machine: {_said(here, unused_days)}")
        spare = any(garbage.plan for garbage in found) or (here and here.found)
        if not yes and spare:
            console.print("nothing was removed; --yes removes it.")

    plain = [_plain(garbage, removed=yes) for garbage in found]
    session.result([*plain, *([_machine(here, yes)] if here else [])], show)


def _said(here: "Stale", days: float) -> str:
    if not here.found:
        return f"no part of an image has been unused for {days:g} days."
    rooms = Counter(one.room for one in here.found)
    parts = ", ".join(f"{count} of {room}" for room, count in sorted(rooms.items()))
    return f"{here.bytes / 1e6:,.0f} MB unused for {days:g} days ({parts})"


def _machine(here: "Stale", removed: bool) -> dict[str, object]:  # noqa: FBT001 - a field
    parts = [f"{one.room}/{one.key}" for one in here.found]
    return {"name": None, "removed": removed, "bytes": here.bytes, "parts": parts}


def _show(garbage: "Garbage", console: Console) -> None:
    name = garbage.plan.name
    if not garbage.plan:
        console.print(f"{name}: nothing to remove.")
    for step in garbage.plan.steps:
        console.print(f"{name}: {step}")
    for version, why in garbage.kept:
        console.print(f"{name}: version {version} stays: {why}")


def _plain(garbage: "Garbage", *, removed: bool) -> dict[str, object]:
    return {
        "name": garbage.plan.name,
        "removed": removed,
        "steps": [str(step) for step in garbage.plan.steps],
        "kept": dict(garbage.kept),
    }
