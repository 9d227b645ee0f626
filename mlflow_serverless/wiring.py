"""The one place that builds a World, from a target URI and the environment."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_state_path

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.lineage.cause import cause_of
from mlflow_serverless.plan import Packing
from mlflow_serverless.store import ContentStore
from mlflow_serverless.world import Cloud, Doors, Tell, World

LOCAL = "lambda:/local"
"""The embedded cloud."""

DEFAULT_TARGET = "lambda"
"""What our own commands and functions deploy to unless they are told: AWS, so that a
script that names no target never changes its meaning."""

_AWS = re.compile(
    r"lambda(?::/?(?:(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d)"
    r"(?:/(?P<role>arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+))?/?)?)?"
)
"""`us-gov-west-1`, `cn-north-1`, `eusc-de-east-1`, ..."""


class TargetError(ServerlessError):
    """Not a target that we know."""

    code = "bad-target"
    kind = Kind.BAD_INPUT

    def __init__(self, target: str) -> None:
        super().__init__(
            f"{target!r} is not a target.",
            hint="use lambda, lambda:/REGION or lambda:/REGION/ROLE_ARN (AWS), or "
            "lambda:/local (this machine).",
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


@dataclass(frozen=True, slots=True)
class AwsTarget:
    """Where in AWS, as a target says; empty parts are left to the environment."""

    region: str = ""
    role: str = ""


def aws_target(target: str, environ: Mapping[str, str] | None = None) -> AwsTarget:
    """
    What `lambda`, `lambda:/REGION` or `lambda:/REGION/ROLE_ARN` means.

    Raises:
        TargetError: It is none of these.
    """
    environ = os.environ if environ is None else environ
    found = _AWS.fullmatch(target)
    if found is None:
        raise TargetError(target)
    # boto3 reads AWS_DEFAULT_REGION alone; every other AWS tool, AWS_REGION too.
    region = found["region"] or environ.get("AWS_REGION", "")
    return AwsTarget(region, found["role"] or "")


def world_for(
    target: str, tell: Tell, *, environ: Mapping[str, str] | None = None
) -> World:
    """
    The World that *target* names.

    Args:
        target: `lambda`, `lambda:/REGION`, `lambda:/REGION/ROLE_ARN`; `lambda:/local`.
        tell: Where events go.
        environ: Read instead of the process's environment; credentials are always
            found as AWS's own tools find them.

    Raises:
        TargetError: It names nothing.
        HomeUnusableError: There is no place for state.
        ServerlessError: There are no credentials to assume a role with.
    """
    scheme, _, rest = target.partition(":")
    local = scheme == "lambda" and rest.strip("/") == "local"
    place = None if local else aws_target(target, environ)
    root = home(environ)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise HomeUnusableError(root, cause.strerror or str(cause)) from cause
    store = ContentStore(root / "work")
    there = Reached(_local(root)) if place is None else _aws(place, store, tell)
    return World(
        target=target,
        cloud=there.cloud,
        store=store,
        downloads=root / "models",
        tell=tell,
        doors=there.doors,
        cause=cause_of(os.environ if environ is None else environ),
        rollouts=root / "rollouts",
        controller=there.controller,
    )


@dataclass(frozen=True, slots=True)
class Reached:
    """What there is at a target."""

    cloud: Cloud
    doors: Doors | None = None
    controller: Callable[[Packing], str] | None = None


def _local(root: Path) -> Cloud:
    from mlflow_serverless.local import LocalCloud  # noqa: PLC0415 - AWS users never need it

    return LocalCloud(root)


def _aws(place: AwsTarget, store: ContentStore, tell: Tell) -> Reached:
    from mlflow_serverless.aws import (  # noqa: PLC0415 - takes half a second
        AwsCloud,
        Front,
        builder,
        connect,
    )

    access = connect(place.region, place.role)
    cloud = AwsCloud(access, builder(store, tell), tell)

    def controller(packing: Packing) -> str:
        from mlflow_serverless.aws.images import options_of  # noqa: PLC0415 - as above
        from mlflow_serverless.build.tools import tool_image  # noqa: PLC0415
        from mlflow_serverless.control.tool import CONTROLLER  # noqa: PLC0415

        image = tool_image(CONTROLLER, options_of(packing), store, tell)
        return cloud.hold(image, packing)

    return Reached(cloud, Front(access), controller)


@dataclass(frozen=True, slots=True)
class AwsHints:
    """Where credentials and region would come from; empty where nothing says so."""

    credentials: str
    region: str


def aws_hints(environ: Mapping[str, str] | None = None) -> AwsHints:
    """What the environment and the usual files say about AWS; nothing is called."""
    environ = os.environ if environ is None else environ
    credentials = environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
    config = environ.get("AWS_CONFIG_FILE", "~/.aws/config")
    return AwsHints(
        credentials=_first(
            environ,
            ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
             "AWS_CONTAINER_CREDENTIALS_FULL_URI",
             "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
            Path(credentials),
        ),
        region=_first(
            environ, ("AWS_REGION", "AWS_DEFAULT_REGION"), Path(config)
        ),
    )  # fmt: skip


def _first(environ: Mapping[str, str], names: tuple[str, ...], file: Path) -> str:
    file = file.expanduser()
    set_ = next((name for name in names if environ.get(name)), "")
    return set_ or (str(file) if file.is_file() else "")
