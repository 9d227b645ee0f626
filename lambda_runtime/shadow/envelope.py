"""A request and the answer that was served, in one event for the candidate.

`{"mlflow-serverless.shadow":{"status":200,"us":420,"event":"…","served":"…"}}`: event
and answer as texts, so that they arrive byte for byte; an answer that is not text is
`served64`, in base64.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64

from lambda_runtime.errors_out import quoted
from lambda_runtime.faults import BadRequest
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEY = "mlflow-serverless.shadow"
HEAD = b'{"' + KEY.encode() + b'":'
"""How every envelope begins."""

LIMIT = 1024 * 1024
"""Largest event of an asynchronous invocation [bytes]; AWS Lambda quotas."""


class Pair(NamedTuple):
    """What was asked, and what the caller got."""

    event: bytes
    served: bytes
    status: int
    """Of the served answer."""
    took_us: int
    """How long the served answer took to make [us]."""


def wrapped(pair: Pair) -> bytes | None:
    """The envelope of *pair*; None if it cannot be sent: not text, or too large."""
    if len(pair.event) + len(pair.served) > LIMIT:
        return None
    try:
        event = pair.event.decode()
    except UnicodeDecodeError:
        return None
    try:
        served = f'"served":{quoted(pair.served.decode())}'
    except UnicodeDecodeError:
        served = f'"served64":"{b2a_base64(pair.served, newline=False).decode()}"'
    envelope = (
        HEAD
        + (
            f'{{"status":{pair.status},"us":{pair.took_us},'
            f'"event":{quoted(event)},{served}}}}}'
        ).encode()
    )
    return envelope if len(envelope) <= LIMIT else None


def opened(envelope: Any) -> Pair:
    """
    The pair in a parsed envelope.

    Raises:
        BadRequest: It is not what `wrapped` makes.
    """
    try:
        said = envelope[KEY]
        if "served64" in said:
            served = a2b_base64(said["served64"])
        else:
            served = said["served"].encode()
        return Pair(
            said["event"].encode(), served, int(said["status"]), int(said["us"])
        )
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        raise BadRequest("the shadow envelope is malformed") from cause
