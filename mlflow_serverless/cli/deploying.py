"""Commands that change deployments, or say what would change."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from mlflow_serverless.cli.session import Session, command, named, table
from mlflow_serverless.config import FILE_KEY, parse

if TYPE_CHECKING:
    from mlflow_serverless.config import DeploymentConfig
    from mlflow_serverless.model import ServableModel
    from mlflow_serverless.pipeline import DeployRequest


def _options(values: Sequence[str]) -> dict[str, object]:
    """`-C key=value`, and `-C @file.yaml`."""
    given: dict[str, object] = {}
    for text in values:
        key, equals, value = text.partition("=")
        if text.startswith("@"):
            key, value = FILE_KEY, text
        elif not equals:
            message = f"-C {text}: write key=value, or @file.yaml."
            raise click.UsageError(message)
        if key in given:
            message = f"-C {key}: given twice."
            raise click.UsageError(message)
        given[key] = value
    return given


@dataclass(frozen=True, slots=True)
class Wish:
    """Which model, and how."""

    uri: str
    flavor: str | None
    given: dict[str, object]

    def named(self, name: str) -> "DeployRequest":
        """The wish for this model under *name*."""
        from mlflow_serverless.pipeline import DeployRequest  # noqa: PLC0415 - `--help` stays quick

        return DeployRequest(
            name=name, model_uri=self.uri, flavor=self.flavor, given=self.given
        )


def _wish(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is wanted."""

    @wraps(function)
    def run(
        session: Session,
        *,
        uri: str | None,
        model_uri: str | None,
        flavor: str | None,
        options: Sequence[str],
        **rest: Any,
    ) -> None:
        chosen = uri or model_uri
        if chosen is None or (uri and model_uri and uri != model_uri):
            message = "name one model: MODEL_URI, or -m MODEL_URI."
            raise click.UsageError(message)
        function(session, wish=Wish(chosen, flavor, _options(options)), **rest)

    for option in (
        click.option(
            "-C", "--config", "options", multiple=True, metavar="KEY=VALUE|@FILE",
            help="Configuration; see docs/reference/config.md.",
        ),
        click.option("-f", "--flavor", help="Which flavour, if there are several."),
        click.option("-m", "--model-uri", help="The same as MODEL_URI."),
        click.argument("uri", metavar="MODEL_URI", required=False),
    ):  # fmt: skip
        run = option(run)
    return run


@click.command()
@command
@named
@_wish
def deploy(session: Session, *, name: str, wish: Wish) -> None:
    """Serve a model under NAME: convert, prove, deploy. Running it again is safe."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    done = pipeline.deploy(wish.named(name), session.world())

    def show(console: Console) -> None:
        if not done.changed:
            console.print(f"{name} is as it should be; nothing was done.")
        console.print(
            f"{name}:{done.alias} serves {done.model} as version {done.version}"
        )
        console.print(f"  parity  {done.parity}")
        console.print(f"  bundle  {done.bundle}")
        console.print(f"  in      {done.seconds:.1f} s")

    session.result(asdict(done), show)


@click.command()
@command
@named
@_wish
def plan(session: Session, *, name: str, wish: Wish) -> None:
    """Show what `deploy` would change, without changing anything."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    proposal = pipeline.plan_only(wish.named(name), session.world())
    steps = [str(step) for step in proposal.plan.steps]

    def show(console: Console) -> None:
        if not steps:
            console.print(f"{name} is as it should be; nothing would change.")
            return
        rows = [(str(number), step) for number, step in enumerate(steps, 1)]
        title = f"{name} on {proposal.target}, {proposal.model}"
        console.print(table(title, ("#", "step"), rows))
        console.print(f"parity  {proposal.parity}")
        console.print(f"engine  {proposal.engine}")
        if proposal.cost:
            console.print(f"cost    {proposal.cost}")

    value = {
        "name": name,
        "target": proposal.target,
        "model": proposal.model,
        "bundle": proposal.bundle,
        "parity": proposal.parity,
        "engine": proposal.engine,
        "cost": proposal.cost,
        "steps": [
            {"kind": type(step).__name__, "text": str(step)}
            for step in proposal.plan.steps
        ],
    }
    session.result(value, show)


@click.command()
@command
@click.option(
    "--against", metavar="NAME|URL",
    help="Ask this deployment instead of a new conversion.",
)  # fmt: skip
@_wish
def verify(session: Session, *, wish: Wish, against: str | None) -> None:
    """Convert a model and prove its answers, without deploying it."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    config, world = parse(wish.given), session.world()
    model = pipeline.resolve(wish.uri, wish.flavor, world)
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
    """Take NAME away with its versions; safe to repeat."""
    from mlflow_serverless import pipeline  # noqa: PLC0415 - `--help` stays quick

    gone = pipeline.delete(name, session.world())
    said = f"{name} is deleted." if gone else f"{name} was not there."
    session.result({"name": name, "deleted": gone}, lambda console: console.print(said))
