"""What may be wished for at all: AWS's limits, held everywhere."""

import re
from collections.abc import Iterator

from mlflow_serverless import limits
from mlflow_serverless.plan.errors import (
    BadNameError,
    BadRoutingError,
    BadSettingsError,
)
from mlflow_serverless.plan.resources import Pairs, ProvisionedConcurrency, key_of
from mlflow_serverless.plan.state import Actual, Desired, Settings

KEPT_STARTED = "it has provisioned concurrency; put that on the versions"

_DEPLOYMENT = ("a deployment", "1 to 64 letters, digits, hyphens and underscores")
_ALIAS = (
    "an alias",
    "1 to 128 letters, digits, hyphens and underscores, not digits alone",
)

RESERVED_VARIABLES = frozenset(
    (
        "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "MLFLOW_SERVERLESS_BUNDLE",
        "MLFLOW_SERVERLESS_ORT", "MLFLOW_SERVERLESS_SCRATCH",
    )
)  # fmt: skip
"""Variables that the platform sets itself, beside all that begin with AWS_LAMBDA_."""

_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_VARIABLE_RULE = "2 or more letters, digits and _, a letter first"
"""EnvironmentVariableName in the Lambda API model."""


def check(want: Desired) -> None:
    """
    Refuse what no cloud could make.

    Raises:
        BadNameError: The function's or the alias's name.
        BadSettingsError: Settings, tags or note; all mistakes at once.
    """
    check_function_name(want.function.name)
    check_alias_name(want.alias)
    wrong = (
        *_wrong_settings(want.function.settings),
        *_wrong_tags(want.tags),
        *_wrong_note(want.note),
    )
    if wrong:
        raise BadSettingsError(want.function.name, wrong)


def check_function_name(name: str) -> None:
    """Raise BadNameError unless *name* can name a function."""
    if not limits.FUNCTION_NAME.fullmatch(name):
        raise BadNameError(name, *_DEPLOYMENT)


def check_alias_name(name: str) -> None:
    """Raise BadNameError unless *name* can name an alias."""
    if not limits.ALIAS_NAME.fullmatch(name):
        raise BadNameError(name, *_ALIAS)


def check_settings(name: str, settings: Settings) -> None:
    """Raise BadSettingsError, with every mistake in *settings*."""
    if wrong := tuple(_wrong_settings(settings)):
        raise BadSettingsError(name, wrong)


def check_tags(name: str, tags: Pairs) -> None:
    """Raise BadSettingsError, with every mistake in *tags*."""
    if wrong := tuple(_wrong_tags(tags)):
        raise BadSettingsError(name, wrong)


def check_note(name: str, note: str) -> None:
    """Raise BadSettingsError if *note* is too long for a description."""
    if wrong := tuple(_wrong_note(note)):
        raise BadSettingsError(name, wrong)


def check_routing(
    have: Actual, alias: str, version: str, weights: tuple[tuple[str, float], ...]
) -> None:
    """
    Refuse routings that AWS refuses.

    Args:
        have: The deployment; its published versions are the ones allowed.
        alias: Which alias is to be routed.
        version: The primary one; it gets what *weights* leave.
        weights: (version, share of traffic 0..1), at most one.

    Raises:
        BadRoutingError: `$LATEST`, an unpublished version, the primary one again,
            more than one other, a share outside 0..1, or any where environments are
            kept started for the alias itself.
    """
    kept = ProvisionedConcurrency(qualifier=alias, count=1)
    if weights and have.resource(key_of(kept)) is not None:
        raise BadRoutingError(alias, KEPT_STARTED)
    if len(weights) > 1:
        raise BadRoutingError(alias, f"{len(weights)} versions beside {version}")
    for number in (version, *(number for number, _ in weights)):
        if have.version(number) is None:
            raise BadRoutingError(alias, f"{number} is not a published version")
    for number, share in weights:
        if number == version:
            raise BadRoutingError(alias, f"version {number} is named twice")
        if not 0 <= share <= 1:
            raise BadRoutingError(alias, f"a share of {share} for version {number}")


def _wrong_settings(settings: Settings) -> Iterator[str]:
    yield from _outside("memory_mb", settings.memory_mb, limits.MEMORY_MB)
    yield from _outside("timeout_s", settings.timeout_s, limits.TIMEOUT_S)
    yield from _outside("ephemeral_mb", settings.ephemeral_mb, limits.EPHEMERAL_MB)
    if settings.concurrency is not None and settings.concurrency < 0:
        yield f"concurrency={settings.concurrency} is below 0"
    yield from _wrong_surroundings(settings)
    size = sum(len(f"{key}{value}".encode()) for key, value in settings.environment)
    if size > limits.ENVIRONMENT_BYTES:
        yield (
            f"environment variables of {size} bytes "
            f"(at most {limits.ENVIRONMENT_BYTES})"
        )
    for key, _ in settings.environment:
        if not _VARIABLE.fullmatch(key):
            yield f"environment variable {key[:40]!r} ({_VARIABLE_RULE})"
        if key.startswith("AWS_LAMBDA_") or key in RESERVED_VARIABLES:
            yield f"environment variable {key} is set by the platform"


def _wrong_surroundings(settings: Settings) -> Iterator[str]:
    if settings.architecture not in {"", "x86_64", "arm64"}:
        yield f"architecture {settings.architecture!r} (x86_64 or arm64)"
    if bool(settings.subnets) != bool(settings.security_groups):
        yield "a private network needs both subnets and security groups"
    if settings.mount is not None:
        if not limits.MOUNT_PATH.fullmatch(settings.mount.path):
            yield f"mount path {settings.mount.path!r} (it begins with /mnt/)"
        if not settings.subnets:
            yield "a mounted file system needs a private network (vpc.subnets)"
    if settings.snap_start and settings.mount is not None:
        yield "a snapshot cannot hold a mounted file system"
    if settings.snap_start and settings.ephemeral_mb > limits.SNAPSHOT_EPHEMERAL_MB:
        yield (
            f"a snapshot allows {limits.SNAPSHOT_EPHEMERAL_MB} MB of /tmp, "
            f"not {settings.ephemeral_mb}"
        )


def _outside(what: str, value: int, allowed: range) -> Iterator[str]:
    if value not in allowed:
        yield f"{what}={value} is not within {allowed[0]}..{allowed[-1]}"


def _wrong_tags(tags: Pairs) -> Iterator[str]:
    if len(tags) > limits.TAGS:
        yield f"{len(tags)} tags (at most {limits.TAGS})"
    for key, value in tags:
        if not key or len(key) > limits.TAG_KEY_CHARS or key.lower().startswith("aws:"):
            yield f"tag {key[:40]!r} (1 to {limits.TAG_KEY_CHARS} characters, no aws:)"
        if len(value) > limits.TAG_VALUE_CHARS:
            yield (
                f"tag {key[:40]} has {len(value)} characters "
                f"(at most {limits.TAG_VALUE_CHARS})"
            )


def _wrong_note(note: str) -> Iterator[str]:
    if len(note) > limits.DESCRIPTION_CHARS:
        yield f"a note of {len(note)} characters (at most {limits.DESCRIPTION_CHARS})"
