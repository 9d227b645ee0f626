"""The same answers under AWS's own runtime client, `awslambdaric`.

Set the function's handler to `lambda_runtime.handler.lambda_handler`. The model is
loaded when this module is imported, which is when Lambda initialises; so this module
is imported by nothing else. The client parses every event and leaves no time after
an answer: work put off at the start is done there only if nobody waits for it
(provisioned concurrency, snapshots). Our own loop is the faster way to the same end.
"""

from __future__ import annotations

import json
import os
from time import perf_counter_ns, time_ns

from awslambdaric.lambda_runtime_exception import FaultException

from lambda_runtime.app import build
from lambda_runtime.doors.direct import Direct
from lambda_runtime.doors.wrapped import wrapped
from lambda_runtime.runtime_api import Invocation
from lambda_runtime.settings import read
from lambda_runtime.start import AHEAD_MS, after_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_born_ns = perf_counter_ns()
_settings = read(
    os.environ, root=os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
)._replace(shadow="")  # there is no time after an answer to mirror anything in
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
_app = build(_settings, born_ns=_born_ns)
_after = after_of(_app, _settings)
if _settings.warms_ahead:
    _after.work(time_ns() // 1_000_000 + AHEAD_MS)


def lambda_handler(event: Any, context: Any) -> bytes:
    """
    Answer one event; bytes, which `awslambdaric` posts as they are.

    Raises:
        FaultException: The failure is ours; it becomes a function error with a type
            and a message, and no stack trace.
    """
    outcome = _app.answer(wrapped(event) or Direct(json.dumps(event).encode()))
    trace_id = os.environ.get("_X_AMZN_TRACE_ID", "")
    _after.note(Invocation(context.aws_request_id, b"", trace_id=trace_id), outcome)
    if outcome.failure is not None:
        raise FaultException(*outcome.failure)
    return outcome.body
