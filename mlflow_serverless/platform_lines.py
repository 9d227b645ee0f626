"""What Lambda itself says of requests that ended before the runtime could say anything.

A process that is killed, crashes or runs out of time writes no metric line for the
request that it was at. Lambda's own lines tell of those: they are read as metric lines
of failures, so that a version that dies is not taken for one that nobody asks.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlflow_serverless.world import LogLine

TIMED_OUT, DIED = 504, 502
"""What stands for an answer that never came, as gateways have it."""

SAID = ("Task timed out", "Runtime exited", "Status: timeout", "Status: error",
        "platform.report")  # fmt: skip
"""One of these is in each of those lines; others may have them, too."""

_TEXT = (
    re.compile(r"RequestId: (?P<id>\S+) Error: (?P<how>Task timed out|Runtime exited)"),
    re.compile(r"\S+Z (?P<id>\S+) (?P<how>Task timed out) after"),
    re.compile(r"REPORT RequestId: (?P<id>\S+)\t.*\tStatus: (?P<how>timeout|error)\b"),
)


def ended(text: str) -> tuple[str, int] | None:
    """The request that *text* says has ended without an answer, and as what."""
    if text.startswith("{"):
        return _reported(text)
    for pattern in _TEXT:
        if found := pattern.match(text):
            timed_out = found["how"] in {"timeout", "Task timed out"}
            return found["id"], TIMED_OUT if timed_out else DIED
    return None


def metric(text: str) -> Mapping[str, object] | None:
    """The embedded metrics in *text*; None if CloudWatch would make none of it."""
    if not (text.startswith("{") and '"_aws"' in text):
        return None
    value = _parsed(text)
    return value if "_aws" in value else None


def measured(lines: Iterable[LogLine]) -> Iterator[Mapping[str, object]]:
    """
    Metric lines of the runtime, and one for each request that has none of its own.

    Args:
        lines: In order of time; Lambda says how a request ended after all that the
            runtime has said of it.
    """
    told: set[object] = set()
    for line in lines:
        if (found := metric(line.text)) is not None:
            told.add(found.get("RequestId"))
            yield found
        elif (dead := ended(line.text)) and dead[0] not in told:
            told.add(dead[0])
            yield {
                "_aws": {"Timestamp": int(line.at.timestamp() * 1000)},
                "FunctionVersion": line.version,
                "RequestId": dead[0],
                "Status": dead[1],
                "Failures": 1,
            }


def _reported(text: str) -> tuple[str, int] | None:
    """The same where logs are JSON."""
    if '"platform.report"' not in text:
        return None
    record = _parsed(text).get("record")
    if not isinstance(record, dict) or record.get("status") in {None, "success"}:
        return None
    how = TIMED_OUT if record["status"] == "timeout" else DIED
    return str(record.get("requestId")), how


def _parsed(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
