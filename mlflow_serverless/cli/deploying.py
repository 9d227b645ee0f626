"""Commands that make deployments and take them away."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click
from rich.console import Console

from mlflow_serverless.cli.reporting import Files, reporting
from mlflow_serverless.cli.session import Session, command, examples, named
from mlflow_serverless.cli.shifting import watching
from mlflow_serverless.cli.wish import Wish, adopting, wished
from mlflow_serverless.config import parse
from mlflow_serverless.github.outcome import GOING
from mlflow_serverless.lineage import cause_of

if TYPE_CHECKING:
    from mlflow_serverless.config import DeploymentConfig
    from mlflow_serverless.model import ServableModel
    from mlflow_serverless.pipeline import Deployment
    from mlflow_serverless.plan import Foreign

MAY_BE_LEFT = 10
"""Exit code of a delete after which something may be left; see `session.EXIT_CODES`."""


@click.command(
    epilog=examples(
        "mlflow-serverless deploy fraud models:/fraud@champion -t lambda:/local",
        "mlflow-serverless deploy fraud models:/fraud/8 -C memory_mb=1024",
    )
)
@command
@named
@adopting
@wished
@reporting("Deploy {name}")
def deploy(
    session: Session, *, name: str, wish: Wish, foreign: "Foreign", files: Files
) -> None:
    """
    Serve a model as NAME: convert it, prove it, deploy it.

    MODEL_URI is what MLflow takes: models:/NAME/VERSION, models:/NAME@ALIAS,
    runs:/RUN_ID/model, or a folder. Running it again changes only what differs.
    """
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    cause = cause_of(os.environ).text()
    request = replace(wish.named(name), foreign=foreign, cause=cause)
    with _going_on(session):
        done = pipeline.deploy(request, session.world(), watch=watching(session))
    _written(done, session, files)

    def show(console: Console) -> None:
        if not done.changed:
            console.print(f"{name} is as it should be; nothing was done.")
        does = "serves"
        if done.rollout in GOING:
            does = f"begins to serve ({done.rollout})"
        console.print(
            f"{name}:{done.alias} {does} {done.model} as version {done.version}"
        )
        console.print(f"  parity  {done.parity}")
        console.print(f"  bundle  {done.bundle}")
        for line in done.calls:
            console.print(f"  call    {line}", markup=False)
        console.print(f"  in      {done.seconds:.1f} s")

    session.result(asdict(done), show)


@contextmanager
def _going_on(session: Session) -> Iterator[None]:
    """Whoever interrupts it is told that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        what = "interrupted: what is done stays; run it again to go on from there"
        session.report("deploy.warning", what=what)
        raise


def _written(done: "Deployment", session: Session, files: Files) -> None:
    from mlflow_serverless.github.outcome import url_of  # noqa: PLC0415 - `--help` stays quick

    serves = "serves" if done.changed else "already serves"
    if done.rollout in GOING:
        serves = "begins to serve"
    files.one(
        session, done.name, intent="Deploy",
        state="done" if done.changed else "ignored",
        why=f"version {done.version} {serves} {done.model}", model=done.model,
        steps=list(done.changed), version=done.version, alias=done.alias,
        bundle=done.bundle, url=url_of(done.outputs), parity=done.parity,
        rollout=done.rollout, run=done.run, cost="; ".join(done.costs),
        seconds=done.seconds,
    )  # fmt: skip


@click.command(
    epilog=examples(
        "mlflow-serverless verify models:/fraud/8",
        "mlflow-serverless verify models:/fraud/8 --against fraud -t lambda:/local",
    )
)
@command
@click.option(
    "--against", metavar="NAME|URL",
    help="Compare with what this deployment (or its URL) answers, not a conversion.",
)  # fmt: skip
@wished
def verify(session: Session, *, wish: Wish, against: str | None) -> None:
    """
    Convert a model and compare its answers; deploy nothing.

    Prints where the reports are: JSON, and one HTML page.
    """
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    config, world = parse(wish.given), session.world()
    model = pipeline.resolve(wish.model, wish.flavor, world)
    if against is not None:
        _verify_live(session, model, against, config)
        return
    built = pipeline.build(model, config, world)

    def show(console: Console) -> None:
        console.print(f"{built.model.uri}: {built.parity.summary}")
        for name, file in built.reports.items():
            console.print(f"  {name}  {file}")

    reports = {name: str(file) for name, file in built.reports.items()}
    value = {
        "model": built.model.uri,
        "parity": built.parity.summary,
        "reports": reports,
    }
    session.result(value, show)


def _verify_live(
    session: Session, model: "ServableModel", where: str, config: "DeploymentConfig"
) -> None:
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    found = pipeline.compare_live(model, where, config, session.world())
    said = f"{where} answers as {model.uri} does, on {found.rows} rows"
    refused = f"; it refused {found.refused}" if found.refused else ""
    value = {"model": model.uri, "against": where, **asdict(found)}
    session.result(value, lambda console: console.print(f"{said}{refused}."))


@click.command()
@command
@named
def delete(session: Session, *, name: str) -> None:
    """
    Delete NAME and all its versions; safe to repeat.

    Exits with 10 if something may be left that your permissions hide from us; it is
    named. Run it again with credentials that may look.
    """
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    world = session.world()
    left = pipeline.unseen(world.cloud.snapshot(name))
    gone = pipeline.delete(name, world)

    def show(console: Console) -> None:
        console.print(f"{name} is deleted." if gone else f"{name} was not there.")
        for one in left:
            console.print(f"  may be left  {one}", markup=False)

    session.result({"name": name, "deleted": gone, "may_be_left": left}, show)
    if left:
        raise SystemExit(MAY_BE_LEFT)
