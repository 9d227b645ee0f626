"""Writing to a registry what nobody waits for: soon, or not at all."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mlflow_serverless.wording import one_line

SHUNNED_S = 60.0
"""How long a registry that did not answer is not asked again [s]."""

QUICK = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""Of MLflow's client, which else tries seven times, for two minutes each. What the
environment says holds."""

Warn = Callable[..., object]

_silent: dict[str, float] = {}
"""Registries that did not answer, and when they may be asked again."""


class _SilentError(Exception):
    """It did not answer a moment ago."""

    def __init__(self) -> None:
        super().__init__("the registry did not answer a moment ago")


@contextmanager
def best_effort(tell: Warn, event: str) -> Iterator[None]:
    """
    Write within seconds; whatever fails is told as a warning, and raises nothing.

    What is written inside begins with a `knock`.

    Args:
        tell: Told why something was not written.
        event: What it is told as.
    """
    import mlflow  # noqa: PLC0415 - a second and a half
    from mlflow.exceptions import RestException  # noqa: PLC0415 - as above

    uri = str(mlflow.get_registry_uri())
    try:
        with _quick():
            yield
    except Exception as cause:  # noqa: BLE001 - what serves matters more than its note
        answered = isinstance(cause, RestException | _SilentError)
        if uri.startswith("http") and not answered:
            _silent[uri] = time.monotonic() + SHUNNED_S
        why = one_line(str(cause)) or type(cause).__name__
        tell(event, what=f"not written back to MLflow: {why}")


def knock() -> None:
    """Fail at once where nobody listens, or where nobody did a moment ago."""
    import mlflow  # noqa: PLC0415 - a second and a half

    from mlflow_serverless.resolve import reach  # noqa: PLC0415 - brings mlflow

    uri = str(mlflow.get_registry_uri())
    if time.monotonic() < _silent.get(uri, 0.0):
        raise _SilentError
    reach.knock(uri)


@contextmanager
def _quick() -> Iterator[None]:
    mine = {key: value for key, value in QUICK.items() if key not in os.environ}
    os.environ.update(mine)
    try:
        yield
    finally:
        for key in mine:
            os.environ.pop(key, None)
