"""The largest answer of each door gets through whole; a larger one is told as such."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lambda_runtime.app import App
from lambda_runtime.doors.find import find
from lambda_runtime.doors.http import ALB_LIMIT
from lambda_runtime.exchange import Request, Response
from lambda_runtime.runtime_api import PAYLOAD_LIMIT
from lambda_runtime.telemetry import Facts

EVENTS = Path(__file__).resolve().parents[2] / "events"
LIMITS = {
    "direct": PAYLOAD_LIMIT, "rest-api": PAYLOAD_LIMIT, "http-api": PAYLOAD_LIMIT,
    "http-api-version-1": PAYLOAD_LIMIT, "function-url": PAYLOAD_LIMIT,
    "alb": ALB_LIMIT, "alb-multi-value": ALB_LIMIT,
}  # fmt: skip
SORTS = {
    "json": ("application/json", b"7"),
    "escaped": ("application/json", b'"'),
    "bytes": ("application/octet-stream", b"\xff"),
}


class Large:
    """A service whose every answer has so many bytes."""

    last = None

    def __init__(self, size: int, sort: str) -> None:
        kind, byte = SORTS[sort]
        self._response = Response(200, {"content-type": kind}, byte * size)

    def respond(self, _request: Request) -> Response:
        """All of it."""
        return self._response

    def aside(self, _request: Request) -> None:
        """Nothing is answered beside."""


def outcome_of(event: bytes, size: int, sort: str):
    """What a service of such answers comes to."""
    app = App(Large(size, sort), Facts, settle=bool, share=bool, close=lambda: None)
    return app.handle(event)


def wrapped(event: bytes, size: int, sort: str) -> int:
    """Bytes of an answer whose body has *size*, as the door of *event* wraps it."""
    kind, byte = SORTS[sort]
    response = Response(200, {"content-type": kind}, byte * size)
    return len(find(event).answer(response))


def largest(event: bytes, limit: int, sort: str) -> int:
    """Bytes of the largest body that gets through."""
    three, six = wrapped(event, 3, sort), wrapped(event, 6, sort)
    size = 3 + (limit - three) // (six - three) * 3
    while wrapped(event, size + 1, sort) <= limit:
        size += 1
    return size


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(("door", "limit"), LIMITS.items())
def test_the_limit_is_met_to_the_byte(door, limit, sort):
    """What fits as it is wrapped is whole; one byte more is 413, with both numbers."""
    event = (EVENTS / f"{door}.json").read_bytes()
    size = largest(event, limit, sort)
    whole, too_large = (outcome_of(event, size + more, sort) for more in (0, 1))
    refused = json.loads(too_large.body)
    told = refused if door == "direct" else json.loads(refused["body"])

    assert 200 == whole.status
    assert limit - 4 < len(whole.body) <= limit
    assert 413 == too_large.status
    assert too_large.failure is None
    assert len(too_large.body) < 1000
    assert door == "direct" or refused["statusCode"] == 413
    assert "REQUEST_LIMIT_EXCEEDED" == told["error_code"]
    assert str(limit) in told["message"]
