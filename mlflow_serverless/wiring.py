"""The one place that builds a World, from a target URI and the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_state_path

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.store import ContentStore
from mlflow_serverless.world import Tell, World

LOCAL = "lambda:/local"
"""The embedded cloud."""

DEFAULT_TARGET = "lambda"
"""What our own commands and functions deploy to unless they are told: AWS, so that a
script that names no target never changes its meaning."""


class TargetError(ServerlessError):
    """Not a target that we know."""

    code = "bad-target"
    kind = Kind.BAD_INPUT

    def __init__(self, target: str) -> None:
        super().__init__(
            f"{target!r} is not a target.",
            hint="use -t lambda:/local (this machine).",
        )


class AwsComesLaterError(ServerlessError):
    """AWS as a target: planned, not here yet."""

    code = "aws-comes-later"
    kind = Kind.UNSUPPORTED

    def __init__(self, target: str) -> None:
        super().__init__(
            f"{target} means AWS, which comes later.", hint=f"use -t {LOCAL}."
        )


class HomeUnusableError(ServerlessError):
    """The folder that keeps our state cannot be made or written."""

    code = "home-unusable"
    kind = Kind.BAD_INPUT

    def __init__(self, home: Path, why: str) -> None:
        super().__init__(
            f"the folder {home} cannot be used: {why}.",
            hint="set MLFLOW_SERVERLESS_HOME to a folder that can be written.",
        )


def home(environ: Mapping[str, str] | None = None) -> Path:
    """Where state and finished work are kept; `MLFLOW_SERVERLESS_HOME` moves it."""
    environ = os.environ if environ is None else environ
    if named := environ.get("MLFLOW_SERVERLESS_HOME"):
        return Path(named).expanduser().absolute()
    return user_state_path("mlflow-serverless")


def world_for(
    target: str, tell: Tell, *, environ: Mapping[str, str] | None = None
) -> World:
    """
    The World that *target* names.

    Args:
        target: `lambda:/local`; `lambda`, `lambda:/REGION[/ROLE_ARN]` come later.
        tell: Where events go.
        environ: Read instead of the process's environment.

    Raises:
        TargetError: It names nothing.
        AwsComesLaterError: It names AWS.
        HomeUnusableError: There is no place for state.
    """
    scheme, _, rest = target.partition(":")
    if scheme != "lambda":
        raise TargetError(target)
    if rest.strip("/") != "local":
        raise AwsComesLaterError(target)
    from mlflow_serverless.local import LocalCloud  # noqa: PLC0415 - AWS users never need it

    root = home(environ)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise HomeUnusableError(root, cause.strerror or str(cause)) from cause
    return World(
        target=target,
        cloud=LocalCloud(root),
        store=ContentStore(root / "work"),
        downloads=root / "models",
        tell=tell,
    )


@dataclass(frozen=True, slots=True)
class AwsHints:
    """Where credentials and region would come from; empty where nothing says so."""

    credentials: str
    region: str


def aws_hints(environ: Mapping[str, str] | None = None) -> AwsHints:
    """What the environment and the usual files say about AWS; nothing is called."""
    environ = os.environ if environ is None else environ
    folder = Path("~/.aws").expanduser()
    return AwsHints(
        credentials=_first(
            environ,
            ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
             "AWS_CONTAINER_CREDENTIALS_FULL_URI",
             "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
            folder / "credentials",
        ),
        region=_first(
            environ, ("AWS_REGION", "AWS_DEFAULT_REGION"), folder / "config"
        ),
    )  # fmt: skip


def _first(environ: Mapping[str, str], names: tuple[str, ...], file: Path) -> str:
    set_ = next((name for name in names if environ.get(name)), "")
    return set_ or (str(file) if file.is_file() else "")
