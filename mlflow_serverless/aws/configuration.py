"""Settings to Lambda's parameters, and back; pure."""

from collections.abc import Mapping
from typing import Any

from mlflow_serverless.plan import Mount, Pairs, Settings
from mlflow_serverless.plan.names import TOOL, log_group

MARK = "mlflow-serverless"
"""Description of $LATEST by which a function is known as ours in every listing; tags
are not listed, and would cost one call a function."""

TOOL_MARK = f"{MARK} tool"
"""Of a function that serves no model: it is ours, and no deployment."""

X86 = "x86_64"
_TEXT = "Text"
_SNAPSHOTS = "PublishedVersions"
MODEL_URL = "MLFLOW_SERVERLESS_MODEL_URL"
"""Where a model is that the image does not hold: a variable, so that a version keeps
it."""


def parameters(name: str, settings: Settings) -> dict[str, Any]:
    """
    Of UpdateFunctionConfiguration, all that settings say.

    What is empty is written too, as Lambda leaves alone what it is not told.
    """
    variables = dict(settings.environment)
    if settings.model_url:
        variables[MODEL_URL] = settings.model_url
    group = settings.log_group or log_group(name)
    mounts = [{"Arn": m.arn, "LocalMountPath": m.path} for m in _mounts(settings)]
    found: dict[str, Any] = {
        "MemorySize": settings.memory_mb,
        "Timeout": settings.timeout_s,
        "EphemeralStorage": {"Size": settings.ephemeral_mb},
        "Environment": {"Variables": variables},
        "KMSKeyArn": settings.kms_key,
        "VpcConfig": {
            "SubnetIds": list(settings.subnets),
            "SecurityGroupIds": list(settings.security_groups),
        },
        "FileSystemConfigs": mounts,
        "SnapStart": {"ApplyOn": _SNAPSHOTS if settings.snap_start else "None"},
        "TracingConfig": {"Mode": "Active" if settings.tracing else "PassThrough"},
        "LoggingConfig": {
            "LogGroup": group, "LogFormat": settings.log_format or _TEXT,
        },
        "DeadLetterConfig": {"TargetArn": settings.dead_letter},
    }  # fmt: skip
    return found | ({"Role": settings.role} if settings.role else {})


def creation(name: str, settings: Settings) -> dict[str, Any]:
    """Of CreateFunction: the same, without what is empty."""
    found = {k: v for k, v in parameters(name, settings).items() if _says(v)}
    return {**found, "Architectures": [settings.architecture or X86]}


def _says(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_says(item) for item in value.values())
    return bool(value)


def _mounts(settings: Settings) -> tuple[Mount, ...]:
    return (settings.mount,) if settings.mount else ()


def settings_of(
    config: Mapping[str, Any], concurrency: int | None = None
) -> Settings:  # fmt: skip
    """What a function's or a version's *config* says."""
    variables = dict(config.get("Environment", {}).get("Variables", {}))
    network, mounts = config.get("VpcConfig", {}), config.get("FileSystemConfigs", [])
    logging = config.get("LoggingConfig", {})
    log_format = str(logging.get("LogFormat", _TEXT))
    return Settings(
        memory_mb=config["MemorySize"],
        timeout_s=config["Timeout"],
        ephemeral_mb=config.get("EphemeralStorage", {}).get("Size", 512),
        model_url=variables.pop(MODEL_URL, ""),
        environment=tuple(sorted(variables.items())),
        concurrency=concurrency,
        role=config["Role"],
        architecture=config.get("Architectures", [X86])[0],
        kms_key=config.get("KMSKeyArn") or "",
        subnets=tuple(sorted(network.get("SubnetIds", ()))),
        security_groups=tuple(sorted(network.get("SecurityGroupIds", ()))),
        mount=Mount(arn=mounts[0]["Arn"], path=mounts[0]["LocalMountPath"])
        if mounts
        else None,
        snap_start=config.get("SnapStart", {}).get("ApplyOn") == _SNAPSHOTS,
        tracing=config.get("TracingConfig", {}).get("Mode") == "Active",
        log_group=logging.get("LogGroup") or log_group(config["FunctionName"]),
        log_format=log_format,
        dead_letter=config.get("DeadLetterConfig", {}).get("TargetArn") or "",
    )


def same(there: Settings, wanted: Settings) -> bool:
    """Whether *there* is what *wanted* asks for; concurrency is no part of it."""
    told = parameters("same", wanted)
    has = parameters("same", there)
    return all(has.get(key) == value for key, value in told.items())


def is_ours(config: Mapping[str, Any]) -> bool:
    """Whether we made the function."""
    return str(config.get("Description", "")).startswith(MARK)


def is_deployment(config: Mapping[str, Any]) -> bool:
    """Whether we made it, and it serves a model."""
    said = str(config.get("Description", ""))
    return said.startswith(MARK) and not said.startswith(TOOL_MARK)


def mark_of(tags: Pairs) -> str:
    """The description of a function with *tags*."""
    return TOOL_MARK if TOOL in dict(tags) else MARK
