"""The command that prints who has to be allowed what."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlflow_serverless.cli.exporting import NotWrittenError
from mlflow_serverless.cli.relay_options import RELAY
from mlflow_serverless.cli.session import Session, command, examples
from mlflow_serverless.cli.wish import configured, options_of
from mlflow_serverless.config import parse
from mlflow_serverless.errors import Kind, ServerlessError

if TYPE_CHECKING:
    from mlflow_serverless.plan import Place

_RELAY = "relay"


def _like(what: str, pattern: str, example: str) -> Callable[..., str | None]:
    """Refuses what could be no part of an ARN."""

    def check(
        context: click.Context, option: click.Parameter, text: str | None
    ) -> str | None:
        if text is not None and not re.fullmatch(pattern, text):
            message = f"{text!r} is no {what}, as {example} is."
            raise click.BadParameter(message, context, option)
        return text

    return check


class NoSuchPolicyError(ServerlessError):
    """These options make nothing that has such a policy."""

    code = "no-such-policy"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str, whose: str) -> None:
        super().__init__(
            f"with these options no policy is made for the {whose} of {name}.",
            hint=_NEEDED[whose],
        )


_NEEDED = {
    "function": "it runs as the role that -C role=ARN names, which is yours.",
    "controller": "add -C strategy.driver=cloud.",
    "key": "add -C kms_key=ARN.",
}
"""What to type, by whose policy was asked for; deployers and relays always have one."""


@click.command(
    epilog=examples(
        "mlflow-serverless iam fraud --account 123456789012 --region eu-central-1",
    )
)
@command
@click.argument("name", metavar="NAME", required=False)
@click.option("--name", "named", metavar="NAME", help="The same as NAME.")
@configured
@click.option(
    "--account",
    callback=_like("account", r"\d{12}", "123456789012"),
    metavar="DIGITS",
    help="AWS account; asked of AWS if left out.",
)
@click.option(
    "--region",
    callback=_like("region", r"[a-z]{2,4}(-[a-z]+)+-\d", "eu-central-1"),
    metavar="REGION",
    help="AWS region; that of the target if left out.",
)
@click.option(
    "--of", "whose",
    type=click.Choice(["deployer", "function", "controller", "key", _RELAY]),
    default="deployer", show_default=True,
    help="Whose: of who deploys NAME; of the function; of the controller that drives "
    "its rollouts (strategy.driver=cloud); what its key (kms_key) has to allow; or of "
    "who deploys the relay NAME.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path),
    help="Write each policy to a file in this folder instead of printing.",
)  # fmt: skip
def iam(  # noqa: PLR0913 - one argument an option
    session: Session,
    *,
    name: str | None,
    named: str | None,
    options: tuple[str, ...],
    account: str | None,
    region: str | None,
    whose: str,
    output: Path | None,
) -> None:
    """
    Print the IAM policy that deploying NAME needs.

    With --of: the policy of somebody else. With --account and --region no credentials
    are needed. AWS bounds a managed policy to 6,144 characters: what takes more is
    divided into several, all of which are to be attached.
    """
    chosen = name or named or (RELAY if whose == _RELAY else "")
    if not chosen or (name and named and name != named):
        message = "name one deployment: NAME, or --name NAME."
        raise click.UsageError(message)
    place = _place(session, account, region)
    found = _policies(whose, chosen, options_of(options), place)
    if output is not None:
        _write(session, output, f"{chosen}-{whose}", found)
        return
    click.echo("\n".join(found))
    if len(found) > 1:
        what = (
            f"{len(found)} policies, as AWS bounds each: attach all of them; "
            "--output FOLDER writes each to a file"
        )
        session.report("iam.warning", what=what)


def _place(session: Session, account: str | None, region: str | None) -> "Place":
    from mlflow_serverless.plan import Place, partition_of  # noqa: PLC0415 - `--help` stays quick

    if account and region:
        return Place(region=region, account=account, partition=partition_of(region))
    asked = session.world().cloud.place()
    if asked is None:
        message = f"{session.target} has no policies: name --account and --region."
        raise click.UsageError(message)
    return asked


def _policies(
    whose: str, name: str, given: dict[str, object], place: "Place"
) -> list[str]:
    from mlflow_serverless.pipeline.permitted import policies  # noqa: PLC0415 - `--help` stays quick
    from mlflow_serverless.relay.outline import outline  # noqa: PLC0415 - as above
    from mlflow_serverless.secure import deployer_policies  # noqa: PLC0415 - as above
    from mlflow_serverless.secure.document import pretty  # noqa: PLC0415 - as above

    if whose == _RELAY:
        found = deployer_policies(place, *outline(name, given, place))
    else:
        found = policies(whose, name, parse(given), place)
    if not found:
        raise NoSuchPolicyError(name, whose)
    return [pretty(text) for text in found]


def _write(session: Session, folder: Path, stem: str, found: list[str]) -> None:
    """One file, or `STEM-1.json`, `STEM-2.json`, ..."""
    several = len(found) > 1
    files = [
        folder / (f"{stem}-{number}.json" if several else f"{stem}.json")
        for number in range(1, len(found) + 1)
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in zip(files, found, strict=True):
            file.write_text(f"{text}\n", encoding="utf-8")
    except OSError as cause:
        raise NotWrittenError(folder, cause.strerror or str(cause)) from cause
    names = [str(file) for file in files]
    session.result(names, lambda console: console.print("\n".join(names)))
