"""The relay itself: check, deduplicate, filter, send on; Python's own library only."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from mlflow_serverless.relay.check import Refusal, check
from mlflow_serverless.relay.event import Event, NotAnEventError, read_event
from mlflow_serverless.relay.filter import Filter, cares
from mlflow_serverless.relay.request import Answer, Request

BODY_BYTES = 1_000_000
"""Largest body that is looked at [bytes]; a tag's value may have 100,000 characters."""

EVENTS_PATH = "/events"
HEALTH_PATH = "/health"


class Seen(Protocol):
    """Remembers deliveries, for all copies of the relay."""

    def claim(self, delivery: str, now: float) -> bool:
        """Take *delivery*; False if it was taken before. Only one caller gets True."""
        ...

    def release(self, delivery: str) -> None:
        """Give it back: it could not be sent on, and will come again."""
        ...


class UnsentError(Exception):
    """An event could not be sent on now; worth another try."""


class Relay(NamedTuple):
    """How deliveries are handled."""

    secrets: tuple[str, ...]
    filters: tuple[Filter, ...]
    seen: Seen
    send: Callable[[Event], None]
    """Sends an event on; raises UnsentError if it cannot."""
    clock: Callable[[], float]
    """Unix time [s]."""
    databricks: bool = False
    log: Callable[[str], None] = print


def handle(request: Request, relay: Relay) -> Answer:
    """
    Answer one request.

    A status of 500 and above makes MLflow send the delivery again; below, it does not.
    """
    try:
        answer = _handled(request, relay)
    except Exception as cause:  # noqa: BLE001 - whatever it is, MLflow is to try again
        relay.log(f"relay failed inside: {type(cause).__name__} {_plain(str(cause))}")
        answer = Answer(500, "failed inside")
    delivery = request.headers.get("x-mlflow-delivery-id", "-")[:64]
    relay.log(f"relay {answer.status} {answer.said} delivery={_plain(delivery)}")
    return answer


def _handled(request: Request, relay: Relay) -> Answer:
    if request.method == "GET" and request.path == HEALTH_PATH:
        return Answer(200, "listening")
    if answer := _misplaced(request):
        return answer
    found = check(
        request.headers, request.body, relay.secrets,
        now=relay.clock(), databricks=relay.databricks,
    )  # fmt: skip
    if isinstance(found, Refusal):
        return Answer(found.status, found.why)
    try:
        event = read_event(request.body, found.id)
    except NotAnEventError as cause:
        return Answer(400, str(cause))
    return _genuine(event, relay)


def _misplaced(request: Request) -> Answer | None:
    """What is wrong before anything is read; None if nothing is."""
    if request.path not in {"/", EVENTS_PATH}:
        return Answer(404, "there is /events, and /health")
    if request.method != "POST":
        return Answer(405, "events are posted")
    if len(request.body) > BODY_BYTES:
        return Answer(413, f"more than {BODY_BYTES} bytes")
    return None


def _genuine(event: Event, relay: Relay) -> Answer:
    if event.is_example:
        return Answer(200, "an example; nothing was done")
    if not cares(relay.filters, event):
        return Answer(200, "no rule cares")
    if not relay.seen.claim(event.id, relay.clock()):
        return Answer(200, "seen before")
    try:
        relay.send(event)
    except Exception as cause:
        relay.seen.release(event.id)
        if not isinstance(cause, UnsentError):
            raise
        return Answer(503, f"not sent on: {cause}")
    return Answer(202, "sent on")


def _plain(text: str) -> str:
    """*text* without anything that could forge a line of the log."""
    return "".join(char if char.isalnum() or char in "-_." else "?" for char in text)
