"""What the configuration says to the rooms, in their own words."""

from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.store import digest_file

if TYPE_CHECKING:
    from mlflow_serverless.verify import ParityOptions


def options_of(config: DeploymentConfig) -> "ParityOptions":
    """What the configuration says about parity."""
    from mlflow_serverless.verify import ParityOptions  # noqa: PLC0415 - brings numpy

    return ParityOptions(**config.parity.model_dump())


def data_digest(file: Path | None) -> str:
    """Of the user's own rows; empty if there are none."""
    return digest_file(file) if file is not None and file.is_file() else ""
