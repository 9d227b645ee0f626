"""What users may configure: parsed once, frozen, documented where it is declared."""

from mlflow_serverless.config.describe import help_text, json_schema, markdown
from mlflow_serverless.config.model import (
    DeploymentConfig,
    OptimiseConfig,
    ParityConfig,
)
from mlflow_serverless.config.parse import FILE_KEY, flat, from_flat, parse

__all__ = [
    "FILE_KEY",
    "DeploymentConfig",
    "OptimiseConfig",
    "ParityConfig",
    "flat",
    "from_flat",
    "help_text",
    "json_schema",
    "markdown",
    "parse",
]
