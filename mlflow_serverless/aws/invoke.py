"""Calling functions: signed, by alias, with what Lambda says of the call."""

import base64
import re
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of, explained_by, said_by
from mlflow_serverless.aws.functions import MISSING, Functions
from mlflow_serverless.aws.keeper import all_of
from mlflow_serverless.aws.retry import settled
from mlflow_serverless.aws.session import Access
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES
from mlflow_serverless.plan.errors import (
    NoSuchFunctionError,
    NoSuchVersionError,
    PayloadTooLargeError,
    ThrottledError,
)
from mlflow_serverless.world import Reply

_DURATION = re.compile(r'\tDuration: ([\d.]+) ms|"durationMs": ?([\d.]+)')
_START = re.compile(
    r"\t(?:Init|Restore) Duration: ([\d.]+) ms"
    r'|"(?:initDurationMs|restoreDurationMs)": ?([\d.]+)'
)
"""In a REPORT line, or in a `platform.report` where logs are JSON."""


def call(
    access: Access, functions: Functions, name: str, payload: bytes, qualifier: str
) -> Reply:
    """
    Call *name* at *qualifier*, and wait for its answer.

    A call that is throttled or lost on its way is made again, at random pauses that
    double: predictions change nothing.

    Raises:
        PayloadTooLargeError: Before anything is sent, as a rule.
        NoSuchFunctionError, NoSuchVersionError: Nothing is there.
        ThrottledError: Every try was refused.
    """
    if len(payload) > SYNC_PAYLOAD_BYTES:
        raise PayloadTooLargeError(len(payload))
    try:
        answer = settled(
            access.invoker.invoke, access.pace, FunctionName=name,
            Qualifier=qualifier, Payload=payload, LogType="Tail",
        )  # fmt: skip
    except ClientError as error:
        if code_of(error) == "RequestTooLargeException":
            raise PayloadTooLargeError(len(payload)) from error
        raise _refusal(access, functions, name, qualifier, error) from error
    return reply_of(answer)


def reply_of(answer: dict[str, Any]) -> Reply:
    """Lambda's answer as a value; how long it took is in the tail of its log."""
    log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
    began = _number(_START, log)
    return Reply(
        payload=answer["Payload"].read(),
        version=answer.get("ExecutedVersion", ""),
        error=answer.get("FunctionError"),
        log=log,
        cold=began is not None,
        duration_ms=_number(_DURATION, log) or 0.0,
        init_ms=began,
    )


def _number(pattern: re.Pattern[str], log: str) -> float | None:
    """The last one found: the report ends the log."""
    found = [match.group(1) or match.group(2) for match in pattern.finditer(log)]
    return float(found[-1]) if found else None


def _refusal(
    access: Access, functions: Functions, name: str, qualifier: str, error: ClientError
) -> ServerlessError:
    code = code_of(error)
    if code == "TooManyRequestsException":
        reason = error.response.get("Reason", "")
        return ThrottledError(f"a call of {name}", reason or said_by(error))
    if code != MISSING:
        return explained_by(error)
    if functions.look(name) is None:
        return NoSuchFunctionError(name)
    return NoSuchVersionError(name, qualifier, _known(access, name))


def _known(access: Access, name: str) -> tuple[str, ...]:
    client, of = access.client("lambda"), {"FunctionName": name}
    aliases = all_of(client, "list_aliases", "Aliases", **of)
    versions = all_of(client, "list_versions_by_function", "Versions", **of)
    numbers = (v["Version"] for v in versions if v["Version"] != "$LATEST")
    return (*(a["Name"] for a in aliases), *numbers)
