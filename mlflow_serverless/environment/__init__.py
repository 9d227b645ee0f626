"""The model's own environment: made from its recorded requirements, when it matters."""

from mlflow_serverless.environment.errors import (
    PythonMissingError,
    RelayedError,
    UnresolvableError,
    UvMissingError,
    WorkerFailedError,
)
from mlflow_serverless.environment.settle import Isolation, settle
from mlflow_serverless.environment.worker import call

__all__ = [
    "Isolation",
    "PythonMissingError",
    "RelayedError",
    "UnresolvableError",
    "UvMissingError",
    "WorkerFailedError",
    "call",
    "settle",
]
