"""The relay as a Lambda function behind a function URL."""

import os
import time
from typing import Any

from mlflow_serverless.relay.handle import Relay, handle
from mlflow_serverless.relay.request import from_function_url, to_function_url
from mlflow_serverless.relay.settings import relay_of

FRESH_S = 300.0
"""How long secrets that were read are gone by [s]: a changed one counts after that."""

_made: list[tuple[float, Relay]] = []


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's form
    """Answer one event of a function URL."""
    return to_function_url(handle(from_function_url(event), _relay()))


def _relay() -> Relay:
    """The relay of this environment, as long as its secrets are fresh."""
    now = time.monotonic()
    if not _made or now - _made[0][0] > FRESH_S:
        _made[:] = [(now, relay_of(os.environ))]
    return _made[0][1]
