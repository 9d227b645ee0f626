"""Effects on AWS: the only boto3 in the package, one module a service.

Nothing is decided here and nothing is remembered: a look is read back from AWS, a step
of a plan is one or a few calls, and taking it again after an answer was lost ends in
the same place.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow_serverless.aws.cloud import AwsCloud
    from mlflow_serverless.aws.front import Front
    from mlflow_serverless.aws.images import builder
    from mlflow_serverless.aws.retry import Pace
    from mlflow_serverless.aws.session import Access, connect

__all__ = ["Access", "AwsCloud", "Front", "Pace", "builder", "connect"]

_HOMES = {
    "Access": "session", "AwsCloud": "cloud", "Front": "front", "Pace": "retry",
    "builder": "images", "connect": "session",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """What is asked for, and no more: a controller builds no images."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
