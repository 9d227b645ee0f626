"""The controller as a Lambda function."""

import sys
import time
from functools import cache
from typing import Any

from mlflow_serverless.aws.schedules import Schedules
from mlflow_serverless.aws.session import connect
from mlflow_serverless.aws.traffic import Traffic
from mlflow_serverless.control.event import wake_of
from mlflow_serverless.control.line import failed, seen
from mlflow_serverless.control.look import Reached, look


def handler(event: Any, context: object) -> dict[str, object]:  # noqa: ARG001 - Lambda's form
    """
    Take one look at the rollout that *event* names.

    Raises:
        ServerlessError: As `look`; told in one line first, and counted by Lambda.
    """
    return answered(event, _reached())


def answered(event: Any, reached: Reached) -> dict[str, object]:
    """As `handler`, through what is *reached*."""
    began, wake = time.monotonic(), None
    now = reached.clock.now().timestamp()
    try:
        wake = wake_of(event)
        found = look(wake, reached)
    except Exception as error:
        _write(failed(wake, error, now, time.monotonic() - began))
        raise
    _write(seen(wake, found, now, time.monotonic() - began))
    return {"deployment": wake.deployment, "ended": found.ended}


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@cache
def _reached() -> Reached:
    """Made once an environment: clients take long to make."""
    access = connect()
    return Reached(Traffic(access), Schedules(access))
