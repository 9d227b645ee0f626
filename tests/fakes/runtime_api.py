"""Lambda's side of the Runtime API, by hand: real sockets, and every way to fail.

It holds a client to Lambda's order (an event is answered once, and only after it was
delivered) and can be told to misbehave, one call at a time.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
import uuid
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Self

PREFIX = "/2018-06-01/runtime/"
LIMIT = 6 * 1024 * 1024 + 100
DELIVERIES = ("head-only", "half-body", "slow")
"""Acts that a `next` that waits already can still be told."""
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:iris:live"


@dataclass(frozen=True)
class Posted:
    """What a client posted for one event."""

    kind: str
    """`response` or `error`."""
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Event:
    """One event to deliver."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    deadline_s: float = 30.0
    chunked: bool = False


class HangUpError(Exception):
    """This connection is to be closed now."""


class FakeRuntimeApi:
    """
    A Runtime API on a loopback port, as a context manager.

    `misbehave(call, how)` queues one act for the next `next`, `response` or `error`:

    - `drop`: close without reading or answering further
    - `reset`: the same, with a TCP reset
    - `drop-after`: take the call as done, close without a receipt
    - `close-after`: answer, then close (an idle connection that goes away)
    - `head-only`: (next) close after the headers
    - `half-body`: (next) close in the middle of the body
    - `slow`: deliver byte by byte at first, then the rest
    - a number: answer with that status
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._lock = threading.Condition()
        self._faults: dict[str, list[str | int]] = {}
        self._open: dict[str, Event] = {}
        self._closed = False
        self._connections: set[socket.socket] = set()
        self.posted: dict[str, list[Posted]] = {}
        self.refused: list[tuple[str, int]] = []
        self.init_errors: list[Posted] = []
        self.calls: list[str] = []
        self.connected = 0
        self.polls = 0
        self.thawed = threading.Event()
        """Not set: whoever asks for `/restore/next` is kept waiting, as if frozen."""
        self.thawed.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        self._listener.close()
        self._events.put(None)
        for connection in list(self._connections):
            _shut(connection)

    # What tests say

    def misbehave(self, call: str, *how: str | int) -> None:
        """Queue acts for the coming calls of one kind."""
        self._faults.setdefault(call, []).extend(how)

    def push(self, event: Event) -> str:
        """Queue one event; its request id."""
        self._events.put(event)
        return event.request_id

    def push_body(self, body: bytes) -> str:
        """Queue one event that is nothing but its body; its request id."""
        return self.push(Event(body))

    def invoke(self, body: bytes, *, timeout_s: float = 20, **fields: object) -> Posted:
        """Deliver one event and wait for its answer."""
        return self.wait(self.push(Event(body, **fields)), timeout_s=timeout_s)  # type: ignore[arg-type]

    def wait(self, request_id: str, *, timeout_s: float = 20) -> Posted:
        """The answer to one event."""
        self._until(lambda: request_id in self.posted, timeout_s)
        return self.posted[request_id][0]

    def wait_init_error(self, *, timeout_s: float = 20) -> Posted:
        """What the client said was wrong with its initialisation."""
        self._until(lambda: bool(self.init_errors), timeout_s)
        return self.init_errors[0]

    def wait_frozen(self, *, timeout_s: float = 20) -> None:
        """Wait until the client says that it may be snapshotted."""
        self._until(lambda: "GET restore" in self.calls, timeout_s)

    def wait_polls(self, count: int, *, timeout_s: float = 20) -> None:
        """Wait until `next` has been called *count* times."""
        self._until(lambda: self.polls >= count, timeout_s)

    def _until(self, true: Callable[[], bool], timeout_s: float) -> None:
        with self._lock:
            if not self._lock.wait_for(true, timeout_s):
                raise TimeoutError(timeout_s)

    # What clients meet

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connected += 1
            self._connections.add(connection)
            threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as reader:
                while not self._closed and self._one_call(connection, reader):
                    pass
        except (HangUpError, OSError):
            pass
        finally:
            self._connections.discard(connection)

    def _one_call(self, connection: socket.socket, reader: BinaryIO) -> bool:
        line = reader.readline()
        if not line:
            return False
        method, path, _ = line.decode().split()
        headers = dict(_header(raw) for raw in iter(reader.readline, b"\r\n"))
        path = path.removeprefix(PREFIX)
        call = path.rpartition("/")[2] if path != "restore/next" else "restore"
        with self._lock:
            self.calls.append(f"{method} {call}")
            self._lock.notify_all()
        how = self._act(call)
        if how == "drop":
            raise HangUpError
        if how == "reset":
            _reset(connection)
        if call == "restore":
            self.thawed.wait(60)
            _reply(connection, 200)
        elif method == "GET":
            self._next(connection, how)
        else:
            body = reader.read(int(headers.get("content-length", 0)))
            self._post(connection, path, Posted(call, body, headers), how)
        if how == "close-after":
            raise HangUpError
        return True

    def _act(
        self, call: str, *, among: Container[str | int] | None = None
    ) -> str | int | None:
        waiting = self._faults.get(call)
        if not waiting or (among is not None and waiting[0] not in among):
            return None
        return waiting.pop(0)

    def _next(self, connection: socket.socket, how: str | int | None) -> None:
        with self._lock:
            self.polls += 1
            self._lock.notify_all()
        if isinstance(how, int):
            _reply(connection, how)
            return
        event = self._events.get()
        if event is None:
            raise HangUpError
        self._open[event.request_id] = event
        how = how or self._act("next", among=DELIVERIES)
        head, body = _delivery(event)
        if how == "head-only":
            connection.sendall(head)
            raise HangUpError
        if how == "half-body":
            connection.sendall(head + body[: len(body) // 2])
            raise HangUpError
        if how == "slow":
            whole = head + body
            for index in range(min(200, len(whole))):
                connection.sendall(whole[index : index + 1])
            time.sleep(0.05)
            connection.sendall(whole[200:])
            return
        connection.sendall(head + body)

    def _post(
        self,
        connection: socket.socket,
        path: str,
        posted: Posted,
        how: str | int | None,
    ) -> None:
        if isinstance(how, int):
            _reply(connection, how)
            return
        status = self._take(path, posted)
        if status != 202:
            self.refused.append((path, status))
        if how == "drop-after":
            raise HangUpError
        _reply(connection, status)

    def _take(self, path: str, posted: Posted) -> int:
        """Take what was posted as Lambda would; the status to answer."""
        with self._lock:
            if path == "init/error":
                self.init_errors.append(posted)
                self._lock.notify_all()
                return 202
            request_id = path.split("/")[1]
            if request_id not in self._open:
                return 400
            if posted.kind == "response" and len(posted.body) > LIMIT:
                return 413
            del self._open[request_id]
            self.posted.setdefault(request_id, []).append(posted)
            self._lock.notify_all()
            return 202


def _header(raw: bytes) -> tuple[str, str]:
    name, _, value = raw.decode().partition(":")
    return name.strip().lower(), value.strip()


def _delivery(event: Event) -> tuple[bytes, bytes]:
    deadline = int((time.time() + event.deadline_s) * 1000)
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": event.request_id,
        "Lambda-Runtime-Deadline-Ms": str(deadline),
        "Lambda-Runtime-Invoked-Function-Arn": ARN,
        "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
        **event.headers,
    }
    body = event.body
    if event.chunked:
        headers["Transfer-Encoding"] = "chunked"
        pieces = [body[at : at + 7000] for at in range(0, len(body), 7000)]
        body = b"".join(b"%x;x=1\r\n%b\r\n" % (len(p), p) for p in pieces)
        body += b"0\r\nX-Trailer: 1\r\n\r\n"
    else:
        headers["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode(), body


def _reply(connection: socket.socket, status: int) -> None:
    body = b'{"status":"OK"}\n' if status < 300 else b'{"errorMessage":"no"}\n'
    connection.sendall(
        b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)
    )


def _reset(connection: socket.socket) -> None:
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    raise HangUpError


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
