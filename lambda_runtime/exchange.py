"""Requests and responses, whatever door they came through."""

from __future__ import annotations

from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Request(NamedTuple):
    """What a caller asks, in HTTP's terms."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    query: str = ""


class Response(NamedTuple):
    """What the caller gets back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
