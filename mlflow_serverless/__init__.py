"""From an MLflow registry to serverless serving, in one command.

Importing this package imports nothing else; each name below is loaded when it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lambda_runtime.version import __version__

if TYPE_CHECKING:
    from mlflow_serverless.api import (
        delete,
        deploy,
        gc,
        history,
        metrics,
        predict,
        propose,
        rollback,
        status,
        update,
    )
    from mlflow_serverless.errors import ServerlessError
    from mlflow_serverless.rolling import (
        abort,
        advance,
        pause,
        promote,
        resume,
        rollout,
    )

__all__ = [
    "ServerlessError",
    "__version__",
    "abort",
    "advance",
    "delete",
    "deploy",
    "gc",
    "history",
    "metrics",
    "pause",
    "predict",
    "promote",
    "propose",
    "resume",
    "rollback",
    "rollout",
    "status",
    "update",
]

_HOMES = {"ServerlessError": "errors"} | dict.fromkeys(
    (
        "delete",
        "deploy",
        "gc",
        "history",
        "metrics",
        "predict",
        "propose",
        "rollback",
        "status",
        "update",
    ),
    "api",
)
_HOMES |= dict.fromkeys(
    ("abort", "advance", "pause", "promote", "resume", "rollout"), "rolling"
)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
