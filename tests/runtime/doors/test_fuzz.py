"""Hostile requests through every door, in every format: always the caller's fault."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from contextlib import closing
from typing import Any

import pytest

from lambda_runtime.app import App, build
from lambda_runtime.http_mode import Http
from lambda_runtime.settings import read
from tests.fakes.bundle import native_library, write_bundle
from tests.fakes.hostile import DOORS, FORMATS, Asked, asked, event_of

PLAIN = "plain-http"
EVERY_DOOR = (*DOORS, PLAIN)
IN_ALL = 10_240
EACH = IN_ALL // (len(EVERY_DOOR) * len(FORMATS))
"""Requests of one format through one door."""

SLOWEST = 5.0
"""Longest that any of them may take, on a busy machine [s]."""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = write_bundle(tmp_path_factory.mktemp("bundle"))
    environ = {"MLFLOW_SERVERLESS_BUNDLE": str(folder)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_SERVERLESS_ORT", str(native_library()))
        patch.setenv("ORT_DISABLE_TELEMETRY", "1")
        built = build(read(environ, root="/"), born_ns=0)
        yield built
        built.close()


def through_lambda(app: App, chance: random.Random, door: str, request: Asked) -> int:
    """One event's status; whatever is answered is whole, and has no trace."""
    event = event_of(chance, door, request)
    outcome = app.handle(event)

    assert outcome.failure is None, event[:2000]
    traceless(outcome.body)
    if outcome.door != "direct":
        assert json.loads(outcome.body)["statusCode"] == outcome.status
    return outcome.status


class Caller:
    """Calls the plain HTTP application, without a server around it."""

    def __init__(self, app: App) -> None:
        self._http = Http(app, lambda *_: None)  # type: ignore[arg-type]
        self._runner = asyncio.Runner()

    def ask(self, request: Asked) -> int:
        """One request's status."""
        return self._runner.run(self._ask(request))

    def close(self) -> None:
        """End its event loop."""
        self._runner.close()

    async def _ask(self, request: Asked) -> int:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": request.body}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(n.encode(), v.encode()) for n, v in request.headers.items()]
        scope = {
            "type": "http", "method": request.method, "path": request.path,
            "headers": headers, "query_string": b"",
        }  # fmt: skip
        await self._http(scope, receive, send)
        traceless(sent[1]["body"])
        status: int = sent[0]["status"]
        return status


def traceless(body: bytes) -> None:
    """Nothing of the inside is shown."""
    assert b"Traceback" not in body
    assert b'.py"' not in body


def test_ten_thousand_are_tried():
    """Every format through every door, all together at least so many."""
    assert len(EVERY_DOOR) * len(FORMATS) * EACH >= 10_000


@pytest.fixture
def caller(app):
    """One for all requests of a test."""
    with closing(Caller(app)) as made:
        yield made


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_hostile_requests_are_the_callers_fault(app, caller, door):
    """No crash, no hang, no 5xx, no stack trace; and what is right is answered."""
    chance = random.Random(f"{door} 1")
    for format_ in FORMATS:
        seen: Counter[int] = Counter()
        for _ in range(EACH):
            request = asked(chance, format_)
            began = time.monotonic()
            if door == PLAIN:
                status = caller.ask(request)
            else:
                status = through_lambda(app, chance, door, request)
            seen[status] += 1

            assert time.monotonic() - began < SLOWEST, request
            assert status < 500, request
        assert EACH == seen.total()
        # The payload of a direct event is JSON for `/invocations`, whatever it is.
        if door != "direct" or format_ in FORMATS[:4]:
            assert seen[200] >= EACH // 8, (format_, seen)
        assert seen[400] >= EACH // 8, (format_, seen)
