"""What became of a request, in Lambda's words."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES


@dataclass(slots=True)
class Outcome:
    """The answer, or the failure, of one request."""

    payload: bytes
    error: str | None = None
    """`Unhandled`, if *payload* says what failed."""
    duration_ms: float = 0.0
    log: str = ""
    status: str = ""
    """For the REPORT line: `timeout`, `error`, or nothing."""


Verdict = Callable[[str], Outcome]
"""From a request's id to what became of it."""


def exited(how: str) -> Verdict:
    """The process ended: `exit status 1`, `signal: killed`."""

    def verdict(request: str) -> Outcome:
        text = f"RequestId: {request} Error: Runtime exited with error: {how}"
        return _failure("Runtime.ExitError", text, "error")

    return verdict


def out_of_time(seconds: int) -> Verdict:
    """The function took longer than it may."""

    def verdict(request: str) -> Outcome:
        text = f"RequestId: {request} Error: Task timed out after {seconds:.2f} seconds"
        return _failure("Sandbox.Timedout", text, "timeout")

    return verdict


def outgrown() -> Outcome:
    """The answer is longer than an answer may be."""
    text = (
        "Response payload size exceeded maximum allowed payload size "
        f"({SYNC_PAYLOAD_BYTES} bytes)."
    )
    return _failure("Function.ResponseSizeTooLarge", text, "error")


def _failure(kind: str, message: str, status: str) -> Outcome:
    body = json.dumps({"errorType": kind, "errorMessage": message})
    return Outcome(body.encode(), "Unhandled", status=status)


def report(
    request: str,
    outcome: Outcome,
    *,
    memory_mb: int,
    peak_mb: int,
    init_ms: float | None,
) -> Iterator[str]:
    """The lines that end a request in the log."""
    if outcome.status:
        yield str(json.loads(outcome.payload)["errorMessage"])
    yield f"END RequestId: {request}"
    billed = math.ceil(outcome.duration_ms + (init_ms or 0.0))
    parts = [
        f"REPORT RequestId: {request}",
        f"Duration: {outcome.duration_ms:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {peak_mb} MB",
    ]
    if init_ms is not None:
        parts.append(f"Init Duration: {init_ms:.2f} ms")
    if outcome.status:
        parts.append(f"Status: {outcome.status}")
    yield "\t".join(parts)
