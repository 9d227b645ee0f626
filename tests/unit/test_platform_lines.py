"""Requests that ended before the runtime could say anything."""

import json
from datetime import UTC, datetime

import pytest

from mlflow_serverless.platform_lines import SAID, ended, measured
from mlflow_serverless.world import LogLine

MINE = {"_aws": {"Timestamp": 1}, "RequestId": "r1", "Status": 200}


def line(text: str, version: str = "4") -> LogLine:
    """One line of *version*."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return LogLine(at=at, version=version, environment="e", text=text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("REPORT RequestId: r1\tDuration: 3000.00 ms\tStatus: timeout", ("r1", 504)),
        ("REPORT RequestId: r1\tDuration: 9.00 ms\tStatus: error\tError Type: Odd",
         ("r1", 502)),
        ("RequestId: r1 Error: Task timed out after 3.00 seconds", ("r1", 504)),
        ("RequestId: r1 Error: Runtime exited with error: signal: killed",
         ("r1", 502)),
        ("2026-11-22T05:00:00.000Z r1 Task timed out after 3.01 seconds",
         ("r1", 504)),
        ('{"type":"platform.report","record":{"requestId":"r1","status":"timeout"}}',
         ("r1", 504)),
        ('{"type":"platform.report","record":{"requestId":"r1","status":"failure"}}',
         ("r1", 502)),
        ('{"type":"platform.report","record":{"requestId":"r1","status":"success"}}',
         None),
        ("REPORT RequestId: r1\tDuration: 3.00 ms\tMax Memory Used: 9 MB", None),
        ("the user's: Status: error, Task timed out, Runtime exited", None),
        ('{"platform.report": [}', None),
        ('{"type":"platform.report","record":"platform.report"}', None),
        ("", None),
    ],
)  # fmt: skip
def test_lambdas_words_for_an_end_are_known(text: str, expected: object):
    """
    Whatever form Lambda says it in; what only mentions it is passed over.
    """
    assert expected == ended(text)
    assert expected is None or any(said in text for said in SAID)


def test_each_request_counts_once():
    """
    By its own line, if it has one; else by the first that says how it ended.
    """
    found = measured(
        [
            line("START RequestId: r1 Version: 4"),
            line(json.dumps(MINE)),
            line("REPORT RequestId: r1\tDuration: 1.00 ms\tStatus: error"),
            line("RequestId: r2 Error: Task timed out after 1.00 seconds"),
            line("REPORT RequestId: r2\tDuration: 1000.00 ms\tStatus: timeout"),
        ]
    )
    mine, other = found

    assert mine == MINE
    assert ("r2", "4", 504, 1) == (
        other["RequestId"], other["FunctionVersion"], other["Status"],
        other["Failures"],
    )  # fmt: skip
