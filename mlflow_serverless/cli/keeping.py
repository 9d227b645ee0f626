"""Commands of a deployment's later life: going back, and letting go."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console

from mlflow_serverless.cli.reporting import Files, reporting
from mlflow_serverless.cli.session import Session, command, named

if TYPE_CHECKING:
    from mlflow_serverless.plan import Garbage


@click.command()
@command
@named
@click.option(
    "--to", metavar="VERSION", help="Which version; the one before if left out."
)
@reporting("Roll back {name}")
def rollback(session: Session, *, name: str, to: str | None, files: Files) -> None:
    """Send all traffic of NAME to an earlier version, at once."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    moved = pipeline.rollback(name, session.world(), to=to)
    serves = "serves" if moved.changed else "serves already"
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
@click.argument("name", required=False)
@click.option("--name", "named_", help="The same as NAME.")
@click.option("--keep", type=click.IntRange(min=1), help="Newest versions to keep.")
@click.option("--yes", is_flag=True, help="Remove; else only say what would go.")
def gc(
    session: Session,
    *,
    name: str | None,
    named_: str | None,
    keep: int | None,
    yes: bool,
) -> None:
    """Remove versions and artifacts that nobody needs, of NAME or of all."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    world = session.world()
    chosen = name or named_
    swept = pipeline.gc if yes else pipeline.spare
    names = (chosen,) if chosen else world.cloud.names()
    found = [swept(each, world, keep=keep) for each in names]

    def show(console: Console) -> None:
        for garbage in found:
            _show(garbage, console)
        if not yes and any(garbage.plan for garbage in found):
            console.print("nothing was removed; --yes removes it.")

    session.result([_plain(garbage, removed=yes) for garbage in found], show)


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
