"""One line a request, that CloudWatch can read, and nothing of the request in it."""

from __future__ import annotations

import json
import os

from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.loop import Outcome
from lambda_runtime.telemetry import Facts, Telemetry
from tests.fakes.loop_process import Runtime


def lines(out: bytes) -> list[dict]:
    """What was written, parsed."""
    return [json.loads(line) for line in out.splitlines()]


def test_the_first_line_is_the_cold_one():
    """Cold and warm lines differ by what only a start can tell."""
    with Runtime(AWS_LAMBDA_FUNCTION_NAME="fraud") as runtime:
        ids = [runtime.api.push_body(body) for body in (b"1", b"refuse x", b"fail y")]
        for request_id in ids:
            runtime.api.wait(request_id)
        runtime.stop()
        cold, refused, failed = lines(runtime.out)

    assert [True, False, False] == [line["Cold"] for line in (cold, refused, failed)]
    assert [200, 400, 500] == [line["Status"] for line in (cold, refused, failed)]
    assert ids == [line["RequestId"] for line in (cold, refused, failed)]
    assert (12.5, "bundle", 0.4) == (cold["InitMs"], cold["Tier"], cold["TierMs"])
    assert "InitMs" not in refused
    assert (1, 10, 20, 30) == (
        cold["Rows"], cold["DecodeUs"], cold["RunUs"], cold["EncodeUs"],
    )  # fmt: skip
    assert (1, 0) == (refused["Refusals"], refused["Failures"])
    assert (0, 1) == (failed["Refusals"], failed["Failures"])
    assert ("iris", "7") == (cold["Model"], cold["ModelVersion"])
    assert cold["TraceId"].startswith("Root=1-")


def test_every_metric_named_is_there_as_a_number():
    """The embedded metric format: names, units, and values beside them."""
    with Runtime() as runtime:
        runtime.api.invoke(b"1")
        runtime.api.invoke(b"1")
        runtime.api.wait_polls(3)
        runtime.stop()
        written = lines(runtime.out)

    for line in written:
        (group,) = line["_aws"]["CloudWatchMetrics"]
        assert "MLflowServerless" == group["Namespace"]
        assert isinstance(line["_aws"]["Timestamp"], int)
        for name in [metric["Name"] for metric in group["Metrics"]]:
            assert isinstance(line[name], int | float)
        assert [["FunctionName", "FunctionVersion"]] == group["Dimensions"]
        assert isinstance(line["FunctionName"] + line["FunctionVersion"], str)


def test_it_can_be_turned_off():
    """`off` means no line at all."""
    with Runtime(MLFLOW_SERVERLESS_LOG="off") as runtime:
        runtime.api.invoke(b"1")
        runtime.api.wait_polls(2)
        runtime.stop()

        assert b"" == runtime.out


def test_what_each_tier_cost_is_in_the_first_line():
    """Also of those that did not have the file: one sum for each, in their order."""
    spent = (("bundle", 0.25), ("tmp", 0.5), ("s3", 300.0), ("bundle", 0.25))
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as out:
        telemetry = Telemetry(Facts(spent=spent), out=writer)
        for _ in range(2):
            telemetry.note(Outcome(b""), request_id="r", trace_id="")
        os.close(writer)
        cold, warm = lines(out.read())

    assert {"bundle": 0.5, "tmp": 0.5, "s3": 300.0} == cold["TierCostMs"]
    assert ["bundle", "tmp", "s3"] == list(cold["TierCostMs"])
    assert "TierCostMs" not in warm


@given(texts=st.lists(st.text(), min_size=6, max_size=6))
def test_any_text_makes_one_line_of_json(texts):
    """Quotes, line ends and other scripts in names do not break the line."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as out:
        telemetry = Telemetry(Facts(*texts[:5], tiers=((texts[5], 1.0),)), out=writer)
        telemetry.note(Outcome(b""), request_id=texts[0], trace_id=texts[1])
        os.close(writer)
        (line,) = out.read().splitlines()

    assert texts[2] == json.loads(line)["Model"]


def test_a_log_that_is_gone_fails_no_request():
    """Whoever read the log may hang up; requests are answered all the same."""
    with Runtime(out="/dev/full") as runtime:
        assert b"1" == runtime.api.invoke(b"1").body
        assert b"2" == runtime.api.invoke(b"2").body
        assert 0 == runtime.stop()
