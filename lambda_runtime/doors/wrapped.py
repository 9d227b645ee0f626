"""Which front end has wrapped a parsed event, told by its shape."""

from __future__ import annotations

from lambda_runtime.doors.http import Balancer, Version1, Version2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lambda_runtime.seams import Door

_SHADOW = "mlflow-serverless.shadow"


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
