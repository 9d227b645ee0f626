"""The options of the commands for the relay."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mlflow_serverless.cli.session import Session
from mlflow_serverless.cli.wish import configured, options_of
from mlflow_serverless.wiring import LOCAL

if TYPE_CHECKING:
    from mlflow_serverless.relay.aws import Sender

PORT = 8932
RELAY = "mlflow-serverless-relay"

policy = click.option(
    "--policy", "file", type=click.Path(path_type=Path), metavar="FILE",
    default=Path("mlflow-serverless.yaml"), show_default=True,
    help="The policy file.",
)  # fmt: skip
webhook = click.option(
    "--webhook", default="mlflow-serverless", show_default=True,
    help="Name of the webhook in the registry.",
)  # fmt: skip
name = click.option(
    "--name", default=RELAY, show_default=True, help="AWS: name of the function."
)


def listening(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `serve`, and of `deploy`, which starts it."""
    for option in (
        click.option(
            "--to", type=click.Choice(["reconcile", "github"]),
            help="Where events go: to a reconcile on this machine (default on "
            "lambda:/local), or to GitHub as a repository_dispatch (default on AWS).",
        ),
        click.option(
            "--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True,
            help="lambda:/local: port to listen on; 0 takes a free one.",
        ),
        click.option(
            "--host", default="127.0.0.1", show_default=True,
            help="lambda:/local: address to listen on.",
        ),
        policy,
    ):  # fmt: skip
        function = option(function)
    return function


def on_aws(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a relay on AWS, as `sender`, `databricks`, `given` and `name`."""

    @wraps(function)
    def run(  # noqa: PLR0913 - one argument an option
        session: Session,
        *,
        repository: str | None,
        event_type: str | None,
        github_api: str | None,
        token_secret: str | None,
        app: str | None,
        installation: str | None,
        key_secret: str | None,
        options: Sequence[str],
        **rest: Any,
    ) -> None:
        said = {
            "repository": repository, "event_type": event_type, "api": github_api,
            "token": token_secret, "app": app, "installation": installation,
            "key": key_secret,
        }  # fmt: skip
        sender = {key: value for key, value in said.items() if value}
        function(session, sender=sender, given=options_of(options), **rest)

    for option in (
        configured,
        click.option(
            "--databricks", is_flag=True,
            help="AWS: accept webhooks that Databricks has signed, too.",
        ),
        click.option(
            "--key-secret", metavar="NAME|ARN",
            help="AWS: secret (Secrets Manager) that holds the App's private key.",
        ),
        click.option(
            "--installation", metavar="NUMBER",
            help="AWS: number of the GitHub App's installation.",
        ),
        click.option(
            "--app", metavar="ID",
            help="AWS: client id of a GitHub App, instead of a token.",
        ),
        click.option(
            "--token-secret", metavar="NAME|ARN",
            help="AWS: secret (Secrets Manager) that holds a fine-grained token.",
        ),
        click.option(
            "--github-api", metavar="URL",
            help="AWS: API of GitHub Enterprise Server, https://HOST/api/v3.",
        ),
        click.option(
            "--event-type", metavar="TYPE",
            help="AWS: event type of the dispatch; else mlflow-registry.",
        ),
        click.option(
            "--repository", metavar="OWNER/NAME",
            help="AWS: GitHub repository that events are dispatched to.",
        ),
        name,
    ):  # fmt: skip
        run = option(run)
    return run


_ELSEWHERE = {
    True: ("repository", "event_type", "github_api", "token_secret", "app",
           "installation", "key_secret", "databricks", "options", "name", "adopt"),
    False: ("host", "port"),
}  # fmt: skip
"""Options by whether the target is this machine: those that mean nothing there."""


def refuse_misplaced(target: str) -> None:
    """
    Take no option that would be taken and forgotten where *target* says.

    Raises:
        RelayOptionsError: Some were given that mean nothing there.
    """
    from mlflow_serverless.relay.errors import RelayOptionsError  # noqa: PLC0415 - `--help` stays quick

    context, given = click.get_current_context(), ParameterSource.COMMANDLINE
    wrong = [
        option.opts[-1]
        for option in context.command.params
        if option.name in _ELSEWHERE[target == LOCAL]
        and context.get_parameter_source(option.name) is given
    ]
    if wrong:
        raise RelayOptionsError(target, wrong, here=target == LOCAL)


def sender_of(said: dict[str, str]) -> "Sender":
    """
    Where events go, as the options say.

    Raises:
        UsageError: They do not say.
    """
    from mlflow_serverless.relay.aws import Sender  # noqa: PLC0415 - `--help` stays quick

    if "repository" not in said:
        message = "a relay on AWS dispatches: name --repository OWNER/NAME."
        raise click.UsageError(message)
    return Sender(**said)
