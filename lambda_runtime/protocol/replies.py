"""Responses, and refusals in MLflow's words: never a stack trace."""

from __future__ import annotations

from lambda_runtime.exchange import Response
from lambda_runtime.faults import BadRequest, Fault, SchemaMismatch
from lambda_runtime.protocol import json_text
from lambda_runtime.record import made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = {"content-type": "application/json"}

_LONGEST = 2_000
"""Characters of a message at most: a request's names and shapes may be any length."""


def reply(
    body: bytes, status: int = 200, extra: Mapping[str, str] | None = None
) -> Response:
    """A JSON response."""
    return made(Response, (status, {**JSON, **extra} if extra else JSON, body))


def refusal(fault: Fault, *, allow: str = "", inference: bool = False) -> Response:
    """
    *fault* as MLflow's error JSON.

    Args:
        fault: What went wrong.
        allow: Methods the path does serve, for 405.
        inference: Whether the caller speaks Open Inference, whose word is `error`.
    """
    message = fault.message
    if len(message) > _LONGEST:
        message = message[:_LONGEST] + "..."
    content: dict[str, str] = {"error_code": fault.code, "message": message}
    if isinstance(fault, SchemaMismatch):
        content["sqlstate"] = "KAM01"
        content["error_class"] = "SCHEMA_ENFORCEMENT_FAILED"
    elif isinstance(fault, BadRequest):
        content["sqlstate"] = "KAM00"
        content["error_class"] = "INVALID_PARAMETER_VALUE"
    if inference:
        content = {"error": message, **content}
    return reply(
        json_text.dumps(content), fault.status, {"allow": allow} if allow else None
    )
