"""What of a deployment's options a tool has, too."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mlflow_serverless.build import DEFAULT_BASE, BuildOptions
from mlflow_serverless.config import DeploymentConfig, flat, parse
from mlflow_serverless.tools.desired import Wanted
from mlflow_serverless.tools.errors import ToolOptionError

AWS_PYTHON = "public.ecr.aws/lambda/python"

KNOWN = (
    "allow", "concurrency", "image.architecture", "image.base_image", "image.builder",
    "image.interpreter", "image.python_version", "kms_key", "log_retention_days",
    "memory_mb", "permissions_boundary", "tags", "timeout_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A tool as its options want it, and the findings that they let through."""

    wanted: Wanted
    allow: tuple[str, ...]


def configured(wanted: Wanted, given: Mapping[str, object]) -> Configured:
    """
    *wanted*, changed as *given* (`-C key=value`) says.

    Raises:
        ConfigError: With every mistake and its key.
        ToolOptionError: Options of deployments that tools do not have.
    """
    config = parse(given)
    said = flat(config)
    if unknown := [key for key in said if not _known(key)]:
        raise ToolOptionError(wanted.tool.name, unknown, KNOWN)
    changed = replace(
        wanted,
        memory_mb=config.memory_mb if "memory_mb" in given else wanted.memory_mb,
        timeout_s=config.timeout_s if "timeout_s" in given else wanted.timeout_s,
        concurrency=config.concurrency,
        kms_key=config.kms_key or "",
        retention_days=config.log_retention_days,
        boundary=config.permissions_boundary or "",
        tags=tuple(sorted(config.tags.items())),
        options=options_of(config),
    )
    return Configured(wanted=changed, allow=config.allow)


def _known(key: str) -> bool:
    return key in KNOWN or key.partition(".")[0] == "tags"


def options_of(config: DeploymentConfig) -> BuildOptions:
    """How the image is made."""
    image = config.image
    python = "" if image.python_version == "auto" else image.python_version
    aws_own = f"{AWS_PYTHON}:{python}" if python else DEFAULT_BASE
    return BuildOptions(
        base=image.base_image or aws_own,
        python=python,
        architecture=image.architecture,
        builder="docker" if image.builder == "docker" else "daemonless",
        interpreter=image.interpreter,
    )
