"""Asking a deployment from outside: through a door, with what that door wants."""

import random
import time
from collections.abc import Iterator
from http import HTTPStatus

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES
from mlflow_serverless.pipeline.ask import parsed
from mlflow_serverless.pipeline.errors import (
    NoDoorError,
    NotLetInError,
    PredictionFailedError,
    PredictionRefusedError,
    TokenMissingError,
)
from mlflow_serverless.pipeline.front import Front, fronts, post
from mlflow_serverless.pipeline.look import status
from mlflow_serverless.plan.errors import PayloadTooLargeError, ThrottledError
from mlflow_serverless.world import World

DOORS = {"url": "lambda", "api": "execute-api"}
"""What doors are called, and which service each is a door of."""

TRIES = 4
_PAUSE_S = 0.2
_BUSY = (429, 503)
"""Too many at once: nothing was computed."""


def ask_outside(
    name: str, payload: bytes, world: World, *, door: str, token: str = ""
) -> bytes:
    """
    The answer to *payload* as callers of the function URL or the HTTP API get it.

    Signed where the door wants IAM, with *token* where it wants one, plain where it is
    public. What is turned away because there are too many at once is asked again.

    Args:
        name: The deployment's.
        payload: A request's bytes, as they are sent.
        world: Where it is.
        door: One of `DOORS`.
        token: A bearer token; only for an API that wants one.

    Raises:
        PayloadTooLargeError: Before anything is sent.
        NoDoorError, TokenMissingError: There is no such door, or no token for it.
        NotLetInError, ThrottledError: It does not let us in, or not now.
        PredictionRefusedError, PredictionFailedError: The model does not answer.
        UnreachableUrlError: Nobody does.
    """
    if len(payload) > SYNC_PAYLOAD_BYTES:
        raise PayloadTooLargeError(len(payload))
    front = _front(name, door, world)
    if front.auth == "JWT" and not token:
        raise TokenMissingError(name)
    signing = world.doors if front.auth == "AWS_IAM" else None
    bearer = token if front.auth == "JWT" else ""
    code, body = 0, b""
    for pause in _pauses():
        time.sleep(pause)
        code, body = post(front.url, payload, signing, bearer=bearer)
        if code not in _BUSY:
            break
    if code != HTTPStatus.OK:
        raise _refusal(name, front, code, body)
    return body


def _front(name: str, door: str, world: World) -> Front:
    found = list(fronts(status(name, world).actual))
    for front in found:
        if front.service == DOORS[door]:
            return front
    known = tuple(k for k, v in DOORS.items() if v in {f.service for f in found})
    raise NoDoorError(name, door, known)


def _pauses() -> Iterator[float]:
    """None before the first try; then drawn at random below bounds that double [s]."""
    yield 0.0
    for attempt in range(TRIES - 1):
        yield random.uniform(0.5, 1.0) * _PAUSE_S * 2**attempt  # noqa: S311 - spreads, hides nothing


def _refusal(name: str, front: Front, code: int, body: bytes) -> ServerlessError:
    said = parsed(body)
    why = _message(said) or body[:200].decode(errors="replace") or "it gives no reason"
    match code:
        case 400 if isinstance(said, dict) and "error_code" in said:
            return PredictionRefusedError(name, str(said["error_code"]), why)
        case 401 | 403:
            return NotLetInError(front.url, code)
        case 429 | 503:
            return ThrottledError(f"a call of {front.url}", f"{why}, {TRIES} times")
        case _:
            return PredictionFailedError(name, "", f"status {code}: {why}")


def _message(said: object) -> str:
    if not isinstance(said, dict):
        return ""
    found = said.get("message") or said.get("Message")
    return " ".join(found.split()) if isinstance(found, str) else ""
