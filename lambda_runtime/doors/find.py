"""Which door an event came through, told by its shape."""

from __future__ import annotations

from lambda_runtime.doors.direct import Direct
from lambda_runtime.faults import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.seams import Door

_MARK = b'"requestContext"'
_CAPITAL = ord("C")
_SHADOW_HEAD = b'{"mlflow-serverless.shadow":'


def find(event: bytes) -> Door:
    """
    The door of *event*.

    Every front end that wraps HTTP puts a `requestContext` object in its events.
    Without that word an event is a direct invocation's payload and is not parsed;
    with it, only an object of the front ends' own shape is taken for theirs. What
    another version has answered already says so in its first word.
    """
    # The search for one byte is the C library's: numbers are passed over at once.
    marked = _CAPITAL in event and _MARK in event
    if not marked and not event.startswith(_SHADOW_HEAD):
        return Direct(event)
    from lambda_runtime.doors.wrapped import wrapped  # noqa: PLC0415 - only for those
    from lambda_runtime.protocol.json_text import loads  # noqa: PLC0415 - likewise

    try:
        parsed = loads(event)
    except (ValueError, RecursionError, Fault):
        return Direct(event)  # whoever reads the payload says what is wrong with it
    return wrapped(parsed) or Direct(event)
