"""Bundle and configuration to what we want deployed; and back from what is there.

The cloud is the only state. A version's note says which model it holds; the function's
tags say the rest: which model was deployed last, and with what configuration.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lambda_runtime.version import __version__
from mlflow_serverless import limits
from mlflow_serverless.config import DeploymentConfig, flat, parse
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.model import ServableModel
from mlflow_serverless.plan import Actual, Desired, Function, Settings, Version
from mlflow_serverless.plan.state import Pairs

PREFIX = "mlflow-serverless:"
_CONFIG = f"{PREFIX}config-"
_NOT_IN_TAGS = re.compile(r"[^\w\s.:/=+\-@]")


@dataclass(frozen=True, slots=True)
class Origin:
    """Which model a version holds, as its note says."""

    model: str = ""
    model_id: str = ""
    flavor: str = ""
    parity: str = ""


def desired(
    name: str,
    artifact: str,
    model: ServableModel,
    parity: str,
    config: DeploymentConfig,
) -> Desired:
    """
    The deployment that is wanted.

    Args:
        name: What it is called.
        artifact: Where the cloud keeps the bundle.
        model: What it serves.
        parity: How the answers compared, in a few words.
        config: How it is to run.
    """
    settings = Settings(
        memory_mb=config.memory_mb,
        timeout_s=config.timeout_s,
        ephemeral_mb=config.ephemeral_mb,
        environment=_pairs(config.environment),
        concurrency=config.concurrency,
    )
    return Desired(
        function=Function(name=name, artifact=artifact, settings=settings),
        alias=config.alias,
        note=note_of(model, parity),
        tags=tags_of(model, config),
    )


def note_of(model: ServableModel, parity: str) -> str:
    """Which model a version holds, in as many characters as a description may have."""
    said = {
        "model": model.uri,
        "id": model.model_id or "",
        "flavor": model.flavor,
        "parity": parity,
    }
    text = _compact(said)
    while len(text) > limits.DESCRIPTION_CHARS:
        longest = max(said, key=lambda key: len(said[key]))
        said[longest] = f"{said[longest][: len(said[longest]) // 2 - 1]}…"
        text = _compact(said)
    return text


def origin_of(version: Version) -> Origin:
    """What a version's note says; empty if we did not write it."""
    try:
        said = json.loads(version.note)
        return Origin(said["model"], said["id"], said["flavor"], said["parity"])
    except (ValueError, KeyError, TypeError):
        return Origin()


def tags_of(model: ServableModel, config: DeploymentConfig) -> Pairs:
    """The user's tags, and ours: model, digest, flavour, our version, configuration."""
    ours = {
        "model": model.uri,
        "model-id": model.model_id or "",
        "model-digest": model.digest,
        "flavor": model.flavor,
        "version": __version__,
    }
    text = _compact(flat(config)).encode()
    packed = base64.urlsafe_b64encode(text).decode()
    most = limits.TAG_VALUE_CHARS
    parts = [packed[i : i + most] for i in range(0, len(packed), most)]
    return _pairs(
        config.tags
        | {f"{PREFIX}{key}": _tag(value) for key, value in ours.items()}
        | {f"{_CONFIG}{i}": part for i, part in enumerate(parts)}
    )


def tag(have: Actual, key: str) -> str:
    """What our tag *key* says; empty if it is not there."""
    return dict(have.tags).get(f"{PREFIX}{key}", "")


def config_of(have: Actual) -> DeploymentConfig:
    """The configuration it was last deployed with; the defaults if that is unknown."""
    parts = [(k, v) for k, v in have.tags if k.startswith(_CONFIG)]
    parts.sort(key=lambda pair: int(pair[0].removeprefix(_CONFIG)))
    packed = "".join(value for _, value in parts)
    try:
        return parse(json.loads(base64.urlsafe_b64decode(packed)))
    except (ValueError, TypeError, ServerlessError):
        return DeploymentConfig()


def _tag(text: str) -> str:
    """*text* as a tag's value may be: the end of it where it is too long."""
    return _NOT_IN_TAGS.sub("_", text)[-limits.TAG_VALUE_CHARS :]


def _compact(value: Mapping[str, str]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _pairs(items: Mapping[str, str]) -> Pairs:
    entries: Iterable[tuple[str, str]] = items.items()
    return tuple(sorted(entries))
