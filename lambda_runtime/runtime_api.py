"""Lambda's Runtime API, as its client: ask for work, answer it, once.

The rules of asking again, since a connection may break anywhere:

- `next` harms nothing while no event has come: it is asked again. An event whose
  headers came and whose body did not is `CutShort`: it can still be answered, with
  an error.
- An answer whose receipt did not come is sent again. If the server has it already
  it says so (400, 403), and that is the receipt: one answer, never two.
- 403 and 500 otherwise mean that this process is out of step: `OutOfStep` ends it.
"""

from __future__ import annotations

from lambda_runtime.errors_out import error_json
from lambda_runtime.record import NamedTuple, made
from lambda_runtime.wire import Broken, Oversize, Reply, Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PAYLOAD_LIMIT = 6 * 1024 * 1024 + 100
"""Largest event and answer [bytes]; Lambda itself allows the 100 over 6 MB."""

TRIES = 4
"""How often in a row one call may break before the process gives up: the first is
often an idle connection that the server had closed."""

_VERSION = "/2018-06-01/runtime/"
_HEADERS = tuple(
    "lambda-runtime-" + name
    for name in (
        "aws-request-id", "deadline-ms", "trace-id", "invoked-function-arn",
        "client-context", "cognito-identity", "invocation-id",
    )
)  # fmt: skip
"""In the order of an `Invocation`'s fields, the event apart."""

_SETTLED = frozenset({200, 202, 413})
_SETTLED_BEFORE = _SETTLED | {400, 403}


class OutOfStep(Exception):
    """The Runtime API refuses us, or is gone; only a new process can help."""


class CutShort(Exception):
    """An event could not be read whole; it is to be answered with an error."""

    def __init__(self, invocation: Invocation, code: str, message: str) -> None:
        super().__init__(message)
        self.invocation, self.code = invocation, code


class Invocation(NamedTuple):
    """One event and what Lambda says about it."""

    request_id: str
    event: bytes
    deadline_ms: int = 0
    """When Lambda gives up on it [ms since the epoch]; 0 if it did not say."""
    trace_id: str = ""
    """X-Ray's header, to be passed on."""
    function_arn: str = ""
    """As invoked: with the alias or version that was asked for."""
    client_context: str = ""
    """JSON text from the caller's SDK."""
    identity: str = ""
    """JSON text of the Cognito identity."""
    invocation_id: str = ""
    """Given back with the answer, where Lambda tells attempts apart by it."""


class RuntimeApi:
    """The client of one Runtime API.

    Args:
        address: `host:port` from `AWS_LAMBDA_RUNTIME_API`.
    """

    def __init__(self, address: str) -> None:
        self._wire = Wire(address, limit=PAYLOAD_LIMIT)
        self._host = f" HTTP/1.1\r\nHost: {address}\r\n"
        self._next = f"GET {_VERSION}invocation/next{self._host}\r\n".encode()
        self._waiting = self._stopping = False

    def stop(self) -> None:
        """Let `next` return None, also if it is waiting now (signal handlers)."""
        self._stopping = True
        if self._waiting:
            self._wire.interrupt()

    def next(self) -> Invocation | None:
        """
        Wait for the next event; None once `stop` was called.

        Raises:
            CutShort: The event is too large, or was not delivered whole.
            OutOfStep: There is no working Runtime API any more.
        """
        for attempt in range(TRIES):
            try:
                self._wire.open()
                self._waiting = True
                # `stop` comes from a signal: before this line it is seen here, after
                # it the connection ends and wakes the read.
                if self._stopping:
                    return None
                return _invocation_of(self._wire.exchange(self._next))
            except Oversize as cause:
                raise CutShort(
                    _invocation(cause.head),
                    "TooLarge",
                    f"the event has {cause.size} bytes; at most {cause.limit} are read",
                ) from cause
            except Broken as cause:
                _may_ask_again(cause)
                if attempt + 1 == TRIES and not self._stopping:
                    raise OutOfStep(f"no Runtime API: {cause}") from cause
            finally:
                self._waiting = False
        return None

    def answer(self, invocation: Invocation, body: bytes, content_type: str) -> None:
        """
        Post the answer to one event; an answer beyond the limit becomes an error.

        Raises:
            OutOfStep: The Runtime API is gone, or refuses any answer.
        """
        reply = self._post(
            f"invocation/{invocation.request_id}/response",
            body,
            f"Content-Type: {content_type}{_same_attempt(invocation)}",
        )
        if reply.status == 413:
            why = f"the answer has {len(body)} bytes, more than Lambda passes on"
            # An answer sent twice may have been taken the first time.
            self._fail(invocation, "TooLarge", why, settled=_SETTLED_BEFORE)

    def fail(self, invocation: Invocation, code: str, message: str) -> None:
        """Post that one event could not be answered; never with a stack trace."""
        self._fail(invocation, code, message, settled=_SETTLED)

    def _fail(
        self,
        invocation: Invocation,
        code: str,
        message: str,
        *,
        settled: frozenset[int],
    ) -> None:
        self._post(
            f"invocation/{invocation.request_id}/error",
            error_json(code, message),
            _error_headers(code) + _same_attempt(invocation),
            settled=settled,
        )

    def init_failed(self, code: str, message: str) -> None:
        """Post that this process cannot serve at all."""
        self._post("init/error", error_json(code, message), _error_headers(code))

    def restore_next(self) -> None:
        """Say that initialisation may be snapshotted; returns after the restore."""
        head = f"GET {_VERSION}restore/next{self._host}\r\n"
        self._wire.exchange(head.encode())

    def close(self) -> None:
        """Hang up; a later call opens a new connection."""
        self._wire.close()

    def _post(
        self,
        path: str,
        body: bytes,
        headers: str,
        *,
        settled: frozenset[int] = _SETTLED,
    ) -> Reply:
        """Post until there is a receipt; *settled* are the first try's receipts."""
        head = (
            f"POST {_VERSION}{path}{self._host}{headers}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        why = ""
        for _ in range(TRIES):
            try:
                reply = self._wire.exchange(head, body)
            except Broken as cause:
                why, settled = str(cause), _SETTLED_BEFORE
                continue
            if reply.status in settled:
                return reply
            raise OutOfStep(f"the Runtime API answered {reply.status} to {path}")
        raise OutOfStep(f"the Runtime API took no {path}: {why}")


def _error_headers(code: str) -> str:
    return (
        "Content-Type: application/vnd.aws.lambda.error+json\r\n"
        f"Lambda-Runtime-Function-Error-Type: {code}"
    )


def _may_ask_again(broken: Broken) -> None:
    """Return if no event is lost by asking for the next one after *broken*."""
    if broken.head is not None and broken.head.get("lambda-runtime-aws-request-id"):
        raise CutShort(
            _invocation(broken.head), "EventCutShort", f"the event's {broken}"
        ) from broken


def _same_attempt(invocation: Invocation) -> str:
    """The header, if any, that says which attempt is answered."""
    if not invocation.invocation_id:
        return ""
    return f"\r\nLambda-Runtime-Invocation-Id: {invocation.invocation_id}"


def _invocation_of(reply: Reply) -> Invocation:
    if reply.status != 200:
        raise OutOfStep(f"the Runtime API answered {reply.status} to next")
    return _invocation(reply.headers, reply.body)


def _invocation(head: Mapping[str, str], event: bytes = b"") -> Invocation:
    said = [head.get(name, "") for name in _HEADERS]
    if not said[0]:
        raise OutOfStep("the Runtime API gave an event without a request id")
    deadline = int(said[1]) if said[1].isdecimal() else 0
    return made(Invocation, (said[0], event, deadline, *said[2:]))
