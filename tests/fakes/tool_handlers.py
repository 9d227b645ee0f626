"""Handlers of tools, for their loop."""

from __future__ import annotations

from typing import Any


def echo(event: Any, context: Any) -> dict[str, Any]:
    """What it was told."""
    print("echoes")  # noqa: T201 - what a handler says is in the log
    return {
        "event": event,
        "id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "left_ms": context.get_remaining_time_in_millis(),
    }


def fails(event: Any, context: Any) -> None:
    """A handler's own failure."""
    raise ValueError(event["why"])


def sees(event: Any, context: Any) -> Any:
    """No JSON."""
    return {context}
