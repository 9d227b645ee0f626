"""Which door an event came through, told by its shape."""

from __future__ import annotations

from lambda_runtime.doors.direct import Direct
from lambda_runtime.faults import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lambda_runtime.doors import Door

_MARK = b'"requestContext"'
_CAPITAL = ord("C")
_SHADOW = "mlflow-serverless.shadow"
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
    from lambda_runtime.protocol.json_text import loads  # noqa: PLC0415 - only for wrapped events

    try:
        parsed = loads(event)
    except (ValueError, RecursionError, Fault):
        return Direct(event)  # whoever reads the payload says what is wrong with it
    return wrapped(parsed) or Direct(event)


def wrapped(event: Any) -> Door | None:
    """The door of a parsed event that a front end has wrapped; None if none has."""
    if not isinstance(event, dict):
        return None
    if _SHADOW in event:
        from lambda_runtime.shadow.door import ShadowDoor  # noqa: PLC0415 - rollouts only

        return ShadowDoor(event)
    context = event.get("requestContext")
    if not isinstance(context, dict):
        return None
    from lambda_runtime.doors.http import Balancer, Version1, Version2  # noqa: PLC0415 - likewise

    if _is_version2(event, context):
        return Version2(event)
    if not (_texts(event, "httpMethod", "path")):
        return None
    return Balancer(event) if "elb" in context else Version1(event)


def _is_version2(event: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    http = context.get("http")
    return (
        isinstance(http, dict) and _texts(http, "method") and _texts(event, "rawPath")
    )


def _texts(values: Mapping[str, Any], *names: str) -> bool:
    return all(isinstance(values.get(name), str) for name in names)
