"""What the embedded cloud cannot honour, it refuses; nothing is ignored."""

import platform
from collections.abc import Iterator

from mlflow_serverless.plan import (
    ChangeResource,
    ChangeSettings,
    CreateFunction,
    MakeResource,
    ReplaceArtifact,
    Settings,
    Step,
)
from mlflow_serverless.plan.errors import NotOfferedError

WHERE = "the embedded cloud (lambda:/local)"
_MACHINES = {
    "amd64": "x86_64",
    "x86_64": "x86_64",
    "arm64": "arm64",
    "aarch64": "arm64",
}
_NEVER = {
    "role": "execution role",
    "kms_key": "key for variables",
    "subnets": "private network",
    "security_groups": "security groups",
    "mount": "mounted file system",
    "snap_start": "snapshots",
    "tracing": "tracing",
    "log_group": "log groups",
    "log_format": "log format",
    "dead_letter": "dead-letter queue",
    "model_url": "model store",
}


def check_offered(step: Step) -> None:
    """
    Refuse a step that asks for what this machine has not.

    Raises:
        NotOfferedError: Names all of it.
    """
    match step:
        case MakeResource() | ChangeResource():
            missing: tuple[str, ...] = (step.resource.kind,)
        case CreateFunction():
            missing = tuple(_missing(step.function.settings))
        case ChangeSettings():
            missing = tuple(_missing(step.settings))
        case ReplaceArtifact():
            missing = tuple(_other_machine(step.architecture))
        case _:
            missing = ()
    if missing:
        raise NotOfferedError(WHERE, missing)


def _missing(settings: Settings) -> Iterator[str]:
    yield from (said for key, said in _NEVER.items() if getattr(settings, key))
    yield from _other_machine(settings.architecture)


def _other_machine(architecture: str) -> Iterator[str]:
    if architecture and architecture != _MACHINES.get(platform.machine().lower()):
        yield f"{architecture} processor"
