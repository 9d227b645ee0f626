"""How commands are told what is wanted: a model, a flavour, options."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from mlflow_serverless.config import FILE_KEY

if TYPE_CHECKING:
    from mlflow_serverless.cli.session import Session
    from mlflow_serverless.pipeline import DeployRequest


@dataclass(frozen=True, slots=True)
class Wish:
    """Which model, and how."""

    uri: str | None
    """None for the model that is deployed."""
    flavor: str | None
    given: dict[str, object]

    @property
    def model(self) -> str:
        """The model's URI, for commands that need one."""
        if self.uri is None:
            message = "name one model: MODEL_URI, or -m MODEL_URI."
            raise click.UsageError(message)
        return self.uri

    def named(self, name: str) -> "DeployRequest":
        """The wish for this model under *name*."""
        from mlflow_serverless.pipeline import DeployRequest  # noqa: PLC0415 - `--help` stays quick

        return DeployRequest(
            name=name, model_uri=self.model, flavor=self.flavor, given=self.given
        )

    def kept(self, name: str) -> "DeployRequest":
        """As `named`; where no model is named, *name* with what is given changed."""
        from mlflow_serverless.pipeline import DeployRequest, Intent  # noqa: PLC0415 - as above

        if self.uri is not None:
            return self.named(name)
        return DeployRequest(
            name=name, model_uri=None, flavor=self.flavor, given=self.given,
            intent=Intent.UPDATE,
        )  # fmt: skip


def options_of(values: Sequence[str]) -> dict[str, object]:
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


configured = click.option(
    "-C", "--config", "options", multiple=True, metavar="KEY=VALUE|@FILE",
    help="One option (-C memory_mb=512), or a YAML file of them; may be repeated. "
    "`mlflow deployments help -t lambda` lists all.",
)  # fmt: skip
"""The option that configures; as `options`."""


def wished(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is wanted, as `wish`."""

    @wraps(function)
    def run(
        session: "Session",
        *,
        uri: str | None,
        model_uri: str | None,
        flavor: str | None,
        options: Sequence[str],
        **rest: Any,
    ) -> None:
        if uri and model_uri and uri != model_uri:
            message = "name one model: MODEL_URI, or -m MODEL_URI."
            raise click.UsageError(message)
        wish = Wish(uri or model_uri, flavor, options_of(options))
        function(session, wish=wish, **rest)

    for option in (
        configured,
        click.option("-f", "--flavor", help="MLflow flavour to serve, of several."),
        click.option(
            "-m", "--model-uri", metavar="MODEL_URI", help="The same as MODEL_URI."
        ),
        click.argument("uri", metavar="MODEL_URI", required=False),
    ):
        run = option(run)
    return run


def adopting(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option that takes over what somebody else made, as `foreign`."""

    @wraps(function)
    def run(session: "Session", *, adopt: bool, **rest: Any) -> None:
        from mlflow_serverless.plan import Foreign  # noqa: PLC0415 - `--help` stays quick

        foreign = Foreign.ADOPT if adopt else Foreign.REFUSE
        function(session, foreign=foreign, **rest)

    said = "Take over resources that have the names this needs and are not ours."
    return click.option("--adopt", is_flag=True, help=said)(run)
