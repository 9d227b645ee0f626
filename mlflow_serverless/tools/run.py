"""
An ordinary handler on Lambda's Runtime API, by the loop that serves models, too.

AWS's own client is not taken: it is compiled for each platform, and not on every base.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from lambda_runtime.loop import Outcome, report, serve
from lambda_runtime.runtime_api import Invocation, OutOfStep, RuntimeApi
from lambda_runtime.wire import Broken

Handler = Callable[[Any, "Context"], Any]


class Context:
    """
    What a handler is told of its call, by the names that AWS's own runtime uses.

    Args:
        invocation: The call.
        environ: Lambda's own variables.
    """

    def __init__(self, invocation: Invocation, environ: Mapping[str, str]) -> None:
        self.aws_request_id = invocation.request_id
        self.invoked_function_arn = invocation.function_arn
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION", "")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
        self._deadline_ms = invocation.deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        """How long Lambda waits yet [ms]."""
        return max(0, self._deadline_ms - int(time.time() * 1000))


def main(arguments: Sequence[str]) -> int:
    """
    Answer calls until told to stop; the exit code.

    Args:
        arguments: The handler, `module:function`.
    """
    address = os.environ.get("AWS_LAMBDA_RUNTIME_API", "")
    if not address or len(arguments) != 1:
        sys.stderr.write("a tool takes one handler, and AWS_LAMBDA_RUNTIME_API\n")
        return 2
    api = _Told(address)
    try:
        return _serve(api, arguments[0])
    except (OutOfStep, Broken) as cause:
        sys.stderr.write(f"tool.out-of-step why={cause}\n")
        return 1
    finally:
        api.close()


def _serve(api: "_Told", named: str) -> int:
    try:
        handler = found(named)
    except Exception as cause:  # noqa: BLE001 - whatever it is, Lambda must hear of it
        report(cause)
        api.init_failed(type(cause).__name__, str(cause))
        return 1
    signal.signal(signal.SIGTERM, lambda *_: api.stop())
    serve(api, lambda event: answered(handler, api.current, event), _written)
    return 0


def found(named: str) -> Handler:
    """The function that `module:function` names."""
    module, _, function = named.partition(":")
    handler: Handler = getattr(import_module(module), function)
    return handler


def answered(handler: Handler, invocation: Invocation, event: bytes) -> Outcome:
    """One call's outcome; what the handler raises is the loop's."""
    said = handler(json.loads(event or b"null"), Context(invocation, os.environ))
    return Outcome(json.dumps(said).encode())


def _written(_invocation: Invocation, _outcome: Outcome) -> None:
    """What was said is in the log before the environment may be frozen."""
    sys.stdout.flush()
    sys.stderr.flush()


class _Told(RuntimeApi):
    """Remembers the call that is being answered."""

    current: Invocation

    def next(self) -> Invocation | None:
        """See `RuntimeApi`."""
        told = super().next()
        if told is not None:
            self.current = told
        return told
