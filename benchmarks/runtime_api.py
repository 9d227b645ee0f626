"""A Lambda Runtime API of one blocking socket, made to time one environment.

An answer takes from handing out the event to having the whole POST. The process that
is timed shares one processor with this one: a small function has no more, and waking
another one costs a virtual machine more than the answer does.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

PROCESSOR = max(os.sched_getaffinity(0))
"""Where everything that is timed runs."""

_READ = 64 * 1024
_EVENT = (
    b"HTTP/1.1 200 OK\r\n"
    b"Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-%012d\r\n"
    b"Lambda-Runtime-Deadline-Ms: %d\r\n"
    b"Lambda-Runtime-Invoked-Function-Arn: %b\r\n"
    b"Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;"
    b"Parent=9a9197af755a6419;Sampled=1\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)
_RECEIPT = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


class Connection:
    """A blocking socket that reads HTTP messages by their Content-Length."""

    def __init__(self, link: socket.socket) -> None:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.settimeout(None)
        self._link = link
        self.send = link.sendall

    def read(self) -> tuple[bytes, bytes]:
        """One message: its head in lower case and its body; EOFError at the end."""
        data = self._more()
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head, body = data[:end].lower(), data[end + 4 :]
        at = head.find(b"content-length:")
        if at >= 0:
            return head, self._rest(body, int(head[at + 15 :].split(b"\r", 1)[0]))
        while b"chunked" in head and not body.endswith(b"0\r\n\r\n"):
            body += self._more()
        return head, body

    def _rest(self, body: bytes, size: int) -> bytes:
        if len(body) >= size:
            return body
        parts, have = [body], len(body)
        while have < size:
            parts.append(self._more())
            have += len(parts[-1])
        return b"".join(parts)

    def _more(self) -> bytes:
        data = self._link.recv(_READ)
        if not data:
            raise EOFError
        return data

    def close(self) -> None:
        """Hang up."""
        self._link.close()


@contextmanager
def beside() -> Iterator[None]:
    """Run this process on `PROCESSOR` meanwhile, beside what it times."""
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {PROCESSOR})
    try:
        yield
    finally:
        os.sched_setaffinity(0, everywhere)


def started(
    command: Sequence[str], environment: Mapping[str, str], **options
) -> subprocess.Popen:
    """A process on `PROCESSOR`, silent on standard output."""
    pin = ["taskset", "--cpu-list", str(PROCESSOR), *command]
    return subprocess.Popen(
        pin, env=dict(environment), stdout=subprocess.DEVNULL, **options
    )


class Timed:
    """
    Starts a runtime process and times its answers.

    Args:
        command: What starts it.
        environment: Of the process, beside what Lambda sets.
        patience_s: How long it may take to ask for its first event [s].
        log: Where its standard error goes; this process's own, if None.
    """

    arn = "arn:aws:lambda:us-east-1:123456789012:function:bench"
    """As invoked."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *,
        patience_s: float = 60, log: BinaryIO | None = None,
    ) -> None:  # fmt: skip
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(patience_s)
        port = self.listener.getsockname()[1]
        self.process = started(
            command,
            {
                "PATH": os.environ["PATH"],
                **environment,
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
                "AWS_LAMBDA_FUNCTION_NAME": "bench",
                "AWS_LAMBDA_FUNCTION_VERSION": "1",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
                "AWS_REGION": "us-east-1",
                "ORT_DISABLE_TELEMETRY": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
            stderr=log,
        )
        self.count = 0
        self.link = Connection(self.listener.accept()[0])
        self._await_next()

    def _await_next(self) -> None:
        """Read the request for the next event, on a new connection if need be."""
        while True:
            try:
                self.link.read()
            except EOFError:
                self.link.close()
                self.link = Connection(self.listener.accept()[0])
            else:
                return

    def ask(self, event: bytes) -> tuple[bytes, float]:
        """The answer to *event*, and how long it took [us]."""
        return self.ask_at(event, None)

    def ask_at(self, event: bytes, arrival: float | None) -> tuple[bytes, float]:
        """The same, counted from when it arrived, by `time.perf_counter`."""
        self.count += 1
        deadline = int((time.time() + 60) * 1e3)
        head = _EVENT % (self.count, deadline, self.arn.encode(), len(event))
        message = head + event
        link, clock = self.link, time.perf_counter
        began = clock() if arrival is None else arrival
        link.send(message)
        head, body = link.read()
        took = (clock() - began) * 1e6
        if b"/response " not in head[: head.find(b"\r")]:
            raise RuntimeError(body.decode(errors="replace"))
        link.send(_RECEIPT)
        self._await_next()
        return body, took

    def median_us(self, event: bytes, rounds: int) -> float:
        """Median of *rounds* answers [us], after a warm-up."""
        for _ in range(max(5, rounds // 10)):
            self.ask(event)
        return statistics.median(self.ask(event)[1] for _ in range(rounds))

    def resident_kb(self) -> int:
        """Memory of the process that is resident [kB]."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        self.link.close()
        self.listener.close()
