"""A tool's loop, as its own process, started as its image starts it."""

from __future__ import annotations

import json

import pytest

from tests.fakes.loop_process import ROOT, Runtime
from tests.fakes.runtime_api import ARN

ENTRY = ROOT / "mlflow_serverless/tools/__main__.py"
HANDLERS = "tests.fakes.tool_handlers"


def tool(handler: str) -> Runtime:
    return Runtime(f"{ENTRY} {HANDLERS}:{handler}")


def test_a_handler_is_told_the_event_and_its_context():
    """As AWS's own runtime calls it; what it prints is in the log at once."""
    with tool("echo") as runtime:
        posted = runtime.api.invoke(b'{"a": [1, null]}')
        runtime.api.wait_polls(2)
        said = json.loads(posted.body)

        assert ("response", {"a": [1, None]}) == (posted.kind, said["event"])
        assert ARN == said["arn"]
        assert 0 < said["left_ms"] <= 30_000
        assert b"echoes\n" == runtime.out
        assert 0 == runtime.stop()


@pytest.mark.parametrize(
    ("handler", "event", "type_", "message"),
    [
        ("fails", b'{"why": "because"}', "ValueError", "because"),
        ("fails", b"no JSON", "JSONDecodeError", "Expecting value"),
        ("sees", b"{}", "TypeError", "not JSON serializable"),
    ],
)
def test_what_a_handler_raises_is_that_calls_error(handler, event, type_, message):
    """And the next call is answered by the same process."""
    with tool(handler) as runtime:
        posted = [runtime.api.invoke(event) for _ in range(2)]

        for each in posted:
            said = json.loads(each.body)
            assert ("error", type_) == (each.kind, said["errorType"])
            assert message in said["errorMessage"]
            assert [] == said["stackTrace"]


@pytest.mark.parametrize("named", ["missing", "echo.deeper", ""])
def test_a_handler_that_is_not_there_is_an_init_error(named):
    """Said to Lambda, and the process ends."""
    with tool(named) as runtime:
        posted = runtime.api.wait_init_error()

        assert "AttributeError" == json.loads(posted.body)["errorType"]
        assert 1 == runtime.ended()


def test_without_a_handler_it_says_what_it_takes():
    """Rather than wait for events that it could not answer."""
    with Runtime(str(ENTRY)) as runtime:
        assert 2 == runtime.ended()
        assert b"handler" in runtime.err
