"""Waiting for AWS: what it has not heard of yet, and what it still works on.

A new role cannot be assumed for some seconds, a new key cannot be used, and whatever is
asked of a function that is being changed is a conflict. None of that is an error; all
of it ends by itself. What is throttled, or lost on its way, botocore asks again.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError, WaiterError

from mlflow_serverless.aws.errors import (
    FunctionFailedError,
    SlowError,
    code_of,
    said_by,
)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long to wait for AWS, and how often to ask."""

    poll_s: float = 1.0
    """Between two looks at a function that is being changed [s]."""
    settle_s: float = 60.0
    """Longest wait until all of AWS has heard of a new role or key [s]."""
    wait_s: float = 600.0
    """Longest wait for a function or a version; a snapshot takes minutes [s]."""
    attempts: int = 5
    """How often one call is tried that was throttled or lost."""
    invoke_attempts: int = 4
    """The same, for predictions."""
    connect_s: float = 10.0
    read_s: float = 60.0


_NOT_YET = (
    ("InvalidParameterValueException", "cannot be assumed by Lambda"),
    ("InvalidParameterValueException", "KMS key is invalid for CreateGrant"),
    ("InvalidParameterValueException", "does not have permissions to call"),
    ("KMSAccessDeniedException", ""),
    ("ResourceConflictException", "update is in progress"),
    ("ResourceConflictException", "currently in the following state: Pending"),
    ("ResourceConflictException", "operation cannot be performed at this time"),
    ("CodeVerificationFailedException", "in progress"),
    ("MalformedPolicyDocument", "Invalid principal"),
    ("MalformedPolicyDocumentException", "invalid principals"),
    ("ConcurrentModification", ""),
    ("OperationAbortedException", ""),
    ("DeleteConflict", "in progress"),
    ("AccessDeniedException", "does not have permission to access the ECR image"),
    ("ValidationException", "must allow AWS EventBridge Scheduler to assume the role"),
    ("ConflictException", "is being deleted"),
)
"""(code, part of what AWS says) of what ends by itself.

Sources: threads listed in `docs/aws.md`; the first alone hits about a third of creates.
"""


def ends_by_itself(error: ClientError) -> bool:
    """Whether *error* says only: not yet."""
    code, said = code_of(error), said_by(error)
    return any(code == kind and part in said for kind, part in _NOT_YET)


def settled(call: Callable[..., Result], pace: Pace, **parameters: Any) -> Result:
    """
    What *call* gives, asked again for as long as AWS says "not yet".

    Pauses double up to 5 s, and are drawn at random below that, so that many who wait
    for the same thing do not ask at once.

    Raises:
        ClientError: Anything else; or the same still after `pace.settle_s`.
    """
    began, pause = time.monotonic(), pace.poll_s
    while True:
        try:
            return call(**parameters)
        except ClientError as error:
            late = time.monotonic() - began > pace.settle_s
            if late or not ends_by_itself(error):
                raise
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads, hides nothing
        pause = min(2 * pause, 5.0)


def await_gone(look: Callable[[], object], what: str, pace: Pace) -> None:
    """
    Wait until *look* finds nothing any more.

    Raises:
        SlowError: It still does after `pace.wait_s`: *what* is not done.
    """
    began = time.monotonic()
    while look() is not None:
        if time.monotonic() - began > pace.wait_s:
            raise SlowError(what, pace.wait_s)
        time.sleep(pace.poll_s)


def wait_for(client: Any, waiter: str, pace: Pace, **parameters: Any) -> None:
    """
    Wait with botocore's *waiter* until a function or a version is ready.

    Raises:
        FunctionFailedError: Lambda gave up, with its reason.
        SlowError: It is not ready in `pace.wait_s`.
    """
    attempts = max(1, round(pace.wait_s / pace.poll_s))
    config = {"Delay": pace.poll_s, "MaxAttempts": attempts}
    try:
        client.get_waiter(waiter).wait(**parameters, WaiterConfig=config)
    except WaiterError as cause:
        name = ":".join(map(str, parameters.values()))
        found = cause.last_response.get("Configuration", cause.last_response)
        if "Error" in found:
            operation = "GetFunction"
            raise ClientError(cause.last_response, operation) from cause
        if "Max attempts" in str(cause.kwargs.get("reason", "")):
            raise SlowError(name, pace.wait_s) from cause
        kind = "State" if found.get("State") == "Failed" else "LastUpdateStatus"
        raise FunctionFailedError(
            name,
            str(found.get(f"{kind}ReasonCode", "Failed")),
            str(found.get(f"{kind}Reason", "it does not say why")),
        ) from cause
