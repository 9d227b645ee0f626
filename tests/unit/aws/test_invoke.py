"""Calling functions: what Lambda says of a call, as a reply or an error."""

import base64
import io
import json

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.aws import Pace
from mlflow_serverless.aws.invoke import reply_of
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import plan
from tests.fakes.aws.account import cloud_of
from tests.fakes.aws.faults import Fault
from tests.fakes.tell import silent

TEXT = (
    "START RequestId: a Version: 3\nhello\nEND RequestId: a\n"
    "REPORT RequestId: a\tDuration: 12.34 ms\tBilled Duration: 113 ms\t"
    "Memory Size: 512 MB\tMax Memory Used: 90 MB\tInit Duration: 99.87 ms\t\n"
)
WARM = TEXT.replace("\tInit Duration: 99.87 ms", "")
RESTORED = WARM.replace("\t\n", "\tRestore Duration: 45.6 ms\t\n")


def platform(**metrics: float) -> str:
    """A log in Lambda's JSON format."""
    lines = (
        {"type": "platform.start", "record": {"requestId": "a", "version": "3"}},
        {
            "type": "platform.report",
            "record": {"requestId": "a", "metrics": metrics, "status": "success"},
        },
    )
    return "\n".join(json.dumps(line) for line in lines)


def answer(log: str) -> dict[str, object]:
    return {
        "Payload": io.BytesIO(b"{}"), "ExecutedVersion": "3", "StatusCode": 200,
        "LogResult": base64.b64encode(log.encode()).decode(),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("log", "cold", "duration_ms", "init_ms"),
    [
        (TEXT, True, 12.34, 99.87),
        (WARM, False, 12.34, None),
        (RESTORED, True, 12.34, 45.6),
        (platform(durationMs=12.34, initDurationMs=99.87), True, 12.34, 99.87),
        (platform(durationMs=12.34), False, 12.34, None),
        (platform(durationMs=12.34, restoreDurationMs=45.6), True, 12.34, 45.6),
        ("", False, 0.0, None),
    ],
)
def test_how_long_it_took_is_read_from_the_tail(log, cold, duration_ms, init_ms):
    """In both of Lambda's log formats; a restored snapshot is a cold start too."""
    reply = reply_of(answer(log))

    assert (cold, duration_ms, init_ms) == (
        reply.cold, reply.duration_ms, reply.init_ms,
    )  # fmt: skip
    assert ("3", None, 200) == (reply.version, reply.error, reply.status)


@pytest.fixture
def deployed(cloud, want, name):
    """A function that serves."""
    apply(plan(want(), cloud.snapshot(name)), cloud, silent)
    return name


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.RESPONSE_LOST, Fault.BROKEN])
def test_a_call_that_goes_wrong_once_is_made_again(aws, deployed, fault):
    """Predictions change nothing, so they may be asked for twice."""
    patient = cloud_of(aws, Pace(invoke_attempts=3))
    aws.faults.once("lambda:Invoke", fault)

    assert b'"echo"' in patient.invoke(deployed, b"{}").payload
    assert 2 == [str(call) for call in aws.faults.calls].count("lambda:Invoke")


def test_who_may_not_call_is_told_what_to_allow(aws, cloud, deployed):
    """By the name of the permission, not of the call."""
    aws.faults.deny("lambda:InvokeFunction")

    with pytest.raises(ServerlessError, match="lambda:InvokeFunction") as refused:
        cloud.invoke(deployed, b"{}")
    assert "access-denied" == refused.value.code


def test_what_is_too_large_is_not_sent(aws, cloud, deployed):
    """The limit is checked before anything goes over the wire."""
    aws.faults.calls.clear()

    with pytest.raises(ServerlessError, match="payload-too-large"):
        cloud.invoke(deployed, b"x" * (6 * 2**20 + 1))
    assert [] == aws.faults.calls
