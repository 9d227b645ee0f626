"""What the configuration says to the rooms, in their own words."""

from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.pipeline.written import plain
from mlflow_serverless.store import digest_file, key_of

if TYPE_CHECKING:
    from mlflow_serverless.verify import ParityOptions


def options_of(config: DeploymentConfig) -> "ParityOptions":
    """What the configuration says about parity."""
    from mlflow_serverless.verify import ParityOptions  # noqa: PLC0415 - brings numpy

    return ParityOptions(**config.parity.model_dump())


def parity_key(before: str, options: "ParityOptions") -> str:
    """A key for what is proved as *options* say; *before* names what is proved."""
    data = _digest(options.data)
    return key_of(before=before, options=plain(options), data=data)


def _digest(file: Path | None) -> str:
    return digest_file(file) if file is not None and file.is_file() else ""
