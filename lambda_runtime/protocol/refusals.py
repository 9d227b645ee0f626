"""Refusals and failures in MLflow's words: never a stack trace to the caller."""

from __future__ import annotations

from posix import urandom

from lambda_runtime.faults import BadRequest, Fault, Internal, SchemaMismatch
from lambda_runtime.protocol import json_text
from lambda_runtime.protocol.replies import reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_runtime.exchange import Response

_LONGEST = 2_000
"""Characters of a message at most: a request's names and shapes may be any length."""


def refuse(
    failure: Exception, *, inference: bool, report: Callable[[str], object]
) -> Response:
    """
    What a caller gets for *failure*: MLflow's error JSON.

    Args:
        failure: A fault; anything else is a failure of ours.
        inference: Whether the caller speaks Open Inference, whose word is `error`.
        report: Told of our failures: one line, no request data.
    """
    fault = failure if isinstance(failure, Fault) else _incident(failure, report)
    message = fault.message
    if len(message) > _LONGEST:
        message = message[:_LONGEST] + "..."
    content: dict[str, str] = {"error_code": fault.code, "message": message}
    if isinstance(fault, SchemaMismatch):
        content["sqlstate"] = "KAM01"
        content["error_class"] = "SCHEMA_ENFORCEMENT_FAILED"
    elif isinstance(fault, BadRequest):
        content["sqlstate"] = "KAM00"
        content["error_class"] = "INVALID_PARAMETER_VALUE"
    if inference:
        content = {"error": message, **content}
    allow = getattr(fault, "allow", "")
    extra = {"allow": allow} if allow else None
    return reply(json_text.dumps(content), fault.status, extra)


def _incident(failure: Exception, report: Callable[[str], object]) -> Internal:
    """Report *failure* by its place, not by its words: those may hold a value."""
    mark = urandom(6).hex()
    trace, places = failure.__traceback__, []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    where = " ".join(places[-6:])
    report(f"incident {mark} {type(failure).__name__} {where}\n")
    return Internal(f"Internal error; the function's log names it {mark}.")
