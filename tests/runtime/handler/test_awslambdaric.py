"""Under AWS's own runtime client the answers are those of our loop."""

from __future__ import annotations

import json
import sys

import pytest

from tests.fakes.bundle import EVENT, EVENTS
from tests.fakes.loop_process import ENTRY, ROOT, Runtime

SAMPLES = sorted(path.name for path in EVENTS.glob("*.json"))
NULL = b'{"inputs": {"sepal length": [null], "sepal width": [1.5]}}'
BAD = b'{"dataframe_split": {"columns": ["sepal length"], "data": [[1]]}}'
CLIENT = (sys.executable, "-m", "awslambdaric")


@pytest.fixture(scope="module")
def both(bundle):
    """The same bundle under our loop, and under `awslambdaric`."""
    pytest.importorskip("awslambdaric")
    with (
        Runtime(ENTRY, **bundle) as ours,
        Runtime(
            "lambda_runtime.handler.lambda_handler",
            by=CLIENT,
            PYTHONPATH=str(ROOT),
            **bundle,
        ) as theirs,
    ):
        yield ours, theirs
        theirs.stop_hard()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_answered_alike(both, name):
    """Whatever the door: the same call, the same status, the same body."""
    ours, theirs = (
        runtime.api.invoke((EVENTS / name).read_bytes()) for runtime in both
    )

    assert (ours.kind, json.loads(ours.body)) == (theirs.kind, json.loads(theirs.body))
    assert "response" == ours.kind


@pytest.mark.parametrize("event", [NULL, BAD, b"[]", b"7", b'"x"', b"{}", b"null"])
def test_odd_payloads_are_answered_alike(both, event):
    """The caller's mistakes are answers, in the same words."""
    ours, theirs = (runtime.api.invoke(event) for runtime in both)

    assert (ours.kind, ours.body) == (theirs.kind, theirs.body)


def test_both_write_a_line_a_request(bundle):
    """Telemetry has the same fields, the cold start's first."""
    with Runtime(
        "lambda_runtime.handler.lambda_handler",
        by=CLIENT,
        PYTHONPATH=str(ROOT),
        **bundle,
    ) as theirs:
        theirs.api.invoke(EVENT)
        theirs.api.invoke(EVENT)
        theirs.stop_hard()
        cold, warm = [json.loads(line) for line in theirs.out.splitlines()]

    assert [True, False] == [cold["Cold"], warm["Cold"]]
    assert [1, 1] == [cold["Rows"], warm["Rows"]]
    assert cold["TraceId"].startswith("Root=1-")
    assert len(cold["RequestId"]) > 30
