"""Responses in JSON; what is not a prediction is in `refusals`."""

from __future__ import annotations

from lambda_runtime.exchange import Response
from lambda_runtime.record import made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = {"content-type": "application/json"}


def reply(
    body: bytes, status: int = 200, extra: Mapping[str, str] | None = None
) -> Response:
    """A JSON response."""
    return made(Response, (status, {**JSON, **extra} if extra else JSON, body))
