"""Metric lines."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_runtime.telemetry import Facts, Telemetry
from mlflow_serverless.observe import read

LINE = {
    "_aws": {"Timestamp": 1_763_764_411_250},
    "FunctionVersion": "4",
    "Status": 200,
    "HandleUs": 1_500,
    "Cold": False,
}


def test_what_the_runtime_writes_is_read():
    """
    The runtime's own lines carry status, latency and coldness to here.
    """
    reading, writing = os.pipe()
    facts = Facts(function="fraud", function_version="4", init_ms=250.0)
    telemetry = Telemetry(facts, out=writing)
    for _ in range(2):
        telemetry.note(_Outcome(), request_id="r", trace_id="t")
    os.close(writing)
    with os.fdopen(reading) as lines:
        cold, warm = (read(json.loads(line)) for line in lines)

    assert ("4", 503, True, 251_234.0) == (
        cold.version, cold.status, cold.cold, cold.took_us
    )  # fmt: skip
    assert (False, 1_234.0) == (warm.cold, warm.took_us)


class _Outcome:
    """What the loop tells of a request."""

    door, status, took_us, timing = "direct", 503, 1_234, None


@pytest.mark.parametrize("gone", ["Status", "HandleUs", "Shadow", "Outputs"])
def test_what_is_not_said_is_missing(gone: str):
    """
    A field that is not there is None, never zero.
    """
    line = read({key: value for key, value in LINE.items() if key != gone})

    assert line is not None
    assert line.status is None or gone != "Status"
    assert line.took_us is None or gone != "HandleUs"
    assert (None, None, None) == (line.outputs, line.compared, line.throttles)


@pytest.mark.parametrize("value", [True, "12", float("nan"), -1, float("inf"), None])
def test_nonsense_is_missing(value: object):
    """
    What is not a finite number from zero on counts as not said.
    """
    assert read(LINE | {"HandleUs": value}).took_us is None


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*LINE, "Shadow", "Outputs", "MemoryMB", "MemoryUsedMB"]),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=3),
            lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3),
            max_leaves=4,
        ),
    )
)
def test_no_line_is_too_odd(line: dict[str, object]):
    """
    Whatever a line holds, it is read or passed over.
    """
    found = read(line)

    assert found is None or found.version


def test_predictions_and_memory_are_read():
    """
    Rows by label, comparison counters and memory come as numbers.
    """
    line = read(
        LINE
        | {"Outputs": {"yes": 2, "no": 0}, "Compared": 2, "Disagreed": 1, "Shadow": 1}
        | {"MemoryUsedMB": 480, "MemoryMB": 512}
    )

    assert ({"yes": 2}, 2, 1, True, 0.9375) == (
        line.outputs, line.compared, line.disagreed, line.shadow, line.memory_used
    )  # fmt: skip
