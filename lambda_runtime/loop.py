"""The loop: an event in, one answer out, whatever happens in between."""

from __future__ import annotations

import os

from lambda_runtime.record import NamedTuple
from lambda_runtime.runtime_api import CutShort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lambda_runtime.runtime_api import Invocation, RuntimeApi


class Outcome(NamedTuple):
    """What one event came to."""

    body: bytes
    content_type: str = "application/json"
    failure: tuple[str, str] | None = None
    """Type and message, if it is to be posted as a function error."""
    status: int = 200
    door: str = "direct"
    took_us: int = 0
    """From the event to its answer, both as bytes [us]."""
    timing: Any = None
    """What the protocol measured of a prediction; None if there was none."""
    shadow: Any = None
    """Both answers, if the caller had another version's (`shadow.door.Beside`)."""


def serve(
    api: RuntimeApi,
    handle: Callable[[bytes], Outcome],
    after: Callable[[Invocation, Outcome], None],
) -> None:
    """
    Answer events until told to stop, one at a time, each exactly once.

    Args:
        api: Where events come from.
        handle: What answers; should it raise, that event gets an error and the
            loop goes on.
        after: Run once the answer is posted, before the next event is asked for.

    Raises:
        OutOfStep: The Runtime API is gone.
    """
    while True:
        try:
            invocation = api.next()
        except CutShort as cut:
            api.fail(cut.invocation, cut.code, str(cut))
            continue
        if invocation is None:
            return
        after(invocation, _answer(api, handle, invocation))
        del invocation  # nothing of a request stays while the next one is awaited


def _answer(
    api: RuntimeApi, handle: Callable[[bytes], Outcome], invocation: Invocation
) -> Outcome:
    """Handle and post one event."""
    _pass_on(invocation.trace_id)
    try:
        outcome = handle(invocation.event)
    except Exception as cause:  # noqa: BLE001 - one request's crash is not the loop's
        report(cause)
        outcome = Outcome(b"", failure=(type(cause).__name__, str(cause)), status=500)
    if outcome.failure is None:
        api.answer(invocation, outcome.body, outcome.content_type)
    else:
        api.fail(invocation, *outcome.failure)
    return outcome


_TRACE = os.environ.encodekey("_X_AMZN_TRACE_ID")
_environ = os.environ._data  # type: ignore[attr-defined] # noqa: SLF001 - see below


def _pass_on(trace_id: str) -> None:
    """
    Let Python code find the trace in the environment.

    Only Python's own copy is written: C's keeps every value that it was ever given,
    which in a process of many requests is memory lost for good.
    """
    if trace_id:
        _environ[_TRACE] = os.environ.encodevalue(trace_id)
    else:
        _environ.pop(_TRACE, None)


def report(cause: BaseException) -> None:
    """Log where a crash happened: its type and place, never its values."""
    from lambda_runtime.failing import crashed  # noqa: PLC0415 - failures only

    crashed(cause)
