"""Calling a deployment, and telling its refusals from its failures."""

import json
from typing import Any

from mlflow_serverless.pipeline.errors import (
    PredictionFailedError,
    PredictionRefusedError,
)
from mlflow_serverless.world import Invoker, Reply


def ask(cloud: Invoker, name: str, payload: bytes, *, qualifier: str) -> Reply:
    """
    The answer to *payload*, known to be a prediction.

    Raises:
        PredictionRefusedError: The request does not fit the model.
        PredictionFailedError: The function did not get as far as an answer.
        ServerlessError: As `Invoker.invoke` does.
    """
    reply = cloud.invoke(name, payload, qualifier=qualifier)
    said = parsed(reply.payload)
    if reply.error is not None:
        why = f"{reply.error}: {_message(said, reply)}"
        raise PredictionFailedError(name, reply.version, why)
    if isinstance(said, dict) and "error_code" in said and "predictions" not in said:
        raise PredictionRefusedError(
            name, str(said["error_code"]), _message(said, reply)
        )
    return reply


def parsed(payload: bytes) -> Any:
    """The JSON value in *payload*, or None."""
    try:
        return json.loads(payload)
    except ValueError:
        return None


def _message(said: Any, reply: Reply) -> str:
    if isinstance(said, dict):
        for key in ("message", "errorMessage"):
            if isinstance(said.get(key), str):
                return " ".join(said[key].split())
    return reply.payload[:200].decode(errors="replace")
