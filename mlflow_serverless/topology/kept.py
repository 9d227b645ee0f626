"""The configuration of what is there: written on its function, and read off it."""

import base64
import json

from mlflow_serverless import limits
from mlflow_serverless.config import DeploymentConfig, flat, parse
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import Actual, Pairs, names

PREFIX = f"{names.PREFIX}:"
"""Of tags that are ours."""

_OPTIONS = f"{PREFIX}config-"
_VARIABLE = "MLFLOW_SERVERLESS_"
_ON_THE_FUNCTION = {
    "memory_mb", "timeout_s", "ephemeral_mb", "concurrency", "environment", "tags",
}  # fmt: skip
_NOT_KEPT = {*_ON_THE_FUNCTION, "wait"}
"""Options that need no tag: a function has them itself, or they are of one call."""


def options_as_tags(config: DeploymentConfig) -> dict[str, str]:
    """Options that no function has, as tags: JSON in base64, as tags hold no braces."""
    rest = {
        key: value
        for key, value in flat(config).items()
        if key.partition(".")[0] not in _NOT_KEPT
    }
    said = json.dumps(rest, separators=(",", ":"), ensure_ascii=False)
    text = base64.urlsafe_b64encode(said.encode()).decode()
    most = limits.TAG_VALUE_CHARS
    parts = [text[i : i + most] for i in range(0, len(text), most)] if rest else []
    return {f"{_OPTIONS}{i}": part for i, part in enumerate(parts)}


def config_of(have: Actual) -> DeploymentConfig:
    """
    The configuration that the deployment has now.

    Settings and the user's tags are read off the function itself; what no function
    has (how hard to look for differences, ...) off a tag. The defaults if there is no
    function, or one that is not ours.
    """
    if have.function is None:
        return DeploymentConfig()
    settings = have.function.settings
    try:
        return parse({
            **_in_tags(have),
            "memory_mb": settings.memory_mb,
            "timeout_s": settings.timeout_s,
            "ephemeral_mb": settings.ephemeral_mb,
            "concurrency": settings.concurrency,
            "environment": _theirs(settings.environment),
            "tags": {k: v for k, v in have.tags if not k.startswith(PREFIX)},
        })  # fmt: skip
    except (ValueError, TypeError, ServerlessError):
        return DeploymentConfig()


def _theirs(environment: Pairs) -> dict[str, str]:
    """The variables that are the user's own."""
    return {k: v for k, v in environment if not k.startswith(_VARIABLE)}


def _in_tags(have: Actual) -> dict[str, str]:
    parts = [(k, v) for k, v in have.tags if k.startswith(_OPTIONS)]
    parts.sort(key=lambda pair: int(pair[0].removeprefix(_OPTIONS)))
    text = "".join(value for _, value in parts)
    return dict(json.loads(base64.urlsafe_b64decode(text))) if text else {}
