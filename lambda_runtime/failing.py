"""What is said where something failed; loaded only then."""

from __future__ import annotations

import os

from lambda_runtime.faults import BrokenBundle, TooLarge
from lambda_runtime.protocol.json_text import loads
from lambda_runtime.telemetry import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.exchange import Response


def not_begun(cause: Exception) -> tuple[str, str]:
    """Tell why nothing can be served; the code and the message of it."""
    if isinstance(cause, BrokenBundle):
        code, message = cause.code, str(cause)
    else:
        crashed(cause)
        code, message = type(cause).__name__, str(cause)
    say(f"runtime.init-failed code={code} why={message}")
    return code, message


def too_large(size: int, limit: int) -> TooLarge:
    """The refusal of an answer of *size* bytes where *limit* get through."""
    return TooLarge(
        f"the answer has {size} bytes; {limit} are the most that get through: "
        "ask for fewer rows at a time"
    )


def failure_of(response: Response) -> tuple[str, str]:
    """Type and message of *response*, which is our own failure."""
    try:
        said = loads(response.body)
        return str(said["error_code"]), str(said["message"])
    except (ValueError, KeyError, TypeError):
        return "INTERNAL_ERROR", response.body.decode("utf-8", "replace")


def crashed(cause: BaseException) -> None:
    """Log where a crash happened: its type and place, never its values."""
    trace, place = cause.__traceback__, "nowhere"
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    os.write(2, f"runtime.crashed type={type(cause).__name__} at={place}\n".encode())
