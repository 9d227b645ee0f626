"""An S3 of one kind of object on loopback, with the faults of the real one.

In a process of its own: `python -m tests.fakes.s3_server BYTES` serves one object of
so many bytes at S3's pace, prints its port and digest, and ends with its standard
input.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Mishap:
    """What goes wrong with a request, *times* times, after *skip* good ones."""

    kind: str
    """`status`, `reset`, `truncate`, `stall`, `flip`, `garbage`, `whole`,
    `replaced`, `shifted`, `short`, or `endless`."""
    times: int = 1
    skip: int = 0
    after: int = 1000
    """Bytes of body sent before it goes wrong."""
    status: int = 503
    code: str = "SlowDown"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Pace:
    """How fast the server is."""

    first_byte_s: float = 0.0
    bytes_per_s: float = 0.0
    """Of each connection; 0 is unlimited."""


@dataclass
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]


class FakeS3:
    """Objects by path; requests seen; mishaps to come."""

    def __init__(self, pace: Pace | None = None) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: list[Asked] = []
        self.mishaps: list[Mishap] = []
        self.connections = 0
        self.pace = pace or Pace()
        self.stopping = threading.Event()
        self._lock = threading.Lock()

    def note(self, asked: Asked) -> Mishap | None:
        """Record a request; what is to go wrong with it."""
        with self._lock:
            self.asked.append(asked)
            for mishap in self.mishaps:
                if mishap.skip:
                    mishap.skip -= 1
                elif mishap.times:
                    mishap.times -= 1
                    return mishap
        return None


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        fake = self.server.fake
        with fake._lock:
            fake.connections += 1
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, ssl.SSLError):
            if self.server.tls is not None:
                self.request = self.server.tls.wrap_socket(
                    self.request, server_side=True
                )
            while not fake.stopping.is_set() and self._one(fake):
                pass
        self.request.close()

    def _one(self, fake: FakeS3) -> bool:
        """Answer one request; whether the connection stays open."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.request.recv(8192)
            if not piece:
                return False
            head += piece
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines if line)
        asked = Asked(first.split(" ")[1], {n.lower(): v for n, _, v in pairs})
        mishap = fake.note(asked)
        if fake.pace.first_byte_s:
            fake.stopping.wait(fake.pace.first_byte_s)
        if mishap is not None and mishap.kind in {"status", "garbage"}:
            return self._refuse(mishap)
        content = fake.objects.get(asked.path)
        if content is None:
            return self._refuse(Mishap("status", status=404, code="NoSuchKey"))
        return self._serve(fake, asked, content, mishap)

    def _refuse(self, mishap: Mishap) -> bool:
        if mishap.kind == "garbage":
            self.request.sendall(b"SSH-2.0-not-http\r\n\r\n")
            return False
        body = (
            f"<?xml version='1.0'?><Error><Code>{mishap.code}</Code>"
            "<Message>told so</Message></Error>"
        ).encode()
        extra = "".join(f"{n}: {v}\r\n" for n, v in mishap.headers.items())
        self.request.sendall(
            f"HTTP/1.1 {mishap.status} No\r\n{extra}"
            f"Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode()
            + body
            + b"\r\n0\r\n\r\n"
        )
        return True

    def _serve(
        self, fake: FakeS3, asked: Asked, content: bytes, mishap: Mishap | None
    ) -> bool:
        kind = mishap.kind if mishap else ""
        etag = f'"{zlib.crc32(content[:4096])}"'
        if kind == "replaced":
            etag = '"other"'
        if kind == "short":
            content = content[:-1]
        if asked.headers.get("if-match", etag) != etag:
            return self._refuse(Mishap("status", status=412, code="PreconditionFailed"))
        span = asked.headers.get("range", f"bytes=0-{len(content) - 1}")
        first, last = span.removeprefix("bytes=").split("-")
        start, end = int(first), min(int(last) + 1, len(content))
        if start >= len(content):
            return self._refuse(Mishap("status", status=416, code="InvalidRange"))
        status = 206
        if kind == "whole" or "range" not in asked.headers:
            start, end, status = 0, len(content), 200
        said = start + 1 if kind == "shifted" else start
        self.request.sendall(
            f"HTTP/1.1 {status} Partial Content\r\nETag: {etag}\r\n"
            f"Content-Range: bytes {said}-{end - 1}/{len(content)}\r\n"
            f"Content-Length: {end - start}\r\n\r\n".encode()
        )
        return self._send(fake, memoryview(content)[start:end], mishap)

    def _send(self, fake: FakeS3, body: memoryview, mishap: Mishap | None) -> bool:
        kind = mishap.kind if mishap else ""
        if mishap is not None and kind in {"reset", "truncate", "stall", "flip"}:
            after = min(mishap.after, len(body) - 1)
            self.request.sendall(body[:after])
            if kind == "flip":
                self.request.sendall(bytes([body[after] ^ 1]))
                self.request.sendall(body[after + 1 :])
                return True
            if kind == "stall":
                fake.stopping.wait(20)
            if kind == "reset":
                self.request.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
            return False
        started, sent = time.monotonic(), 0
        size = int(fake.pace.bytes_per_s / 100) or 512 * 1024
        for piece in _pieces(body, min(size, 512 * 1024)):
            self.request.sendall(piece)
            sent += len(piece)
            if fake.pace.bytes_per_s:
                due = started + sent / fake.pace.bytes_per_s - time.monotonic()
                if due > 0:
                    fake.stopping.wait(due)
        return True


def _pieces(body: memoryview, size: int) -> Iterator[memoryview]:
    return (body[at : at + size] for at in range(0, len(body), size))


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64
    fake: FakeS3
    tls: ssl.SSLContext | None

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are part of the game."""


@contextlib.contextmanager
def serving(fake: FakeS3, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve *fake* on a free port of loopback; its address, `http[s]://localhost:N`."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.fake, server.tls = fake, tls
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        scheme = "http" if tls is None else "https"
        yield f"{scheme}://localhost:{server.server_address[1]}"
    finally:
        fake.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def main(size: int) -> None:
    """Serve `/bucket/<sha256>` at S3's pace until standard input ends."""
    content = random.Random(size).randbytes(size)
    digest = hashlib.sha256(content).hexdigest()
    fake = FakeS3(Pace(first_byte_s=0.020, bytes_per_s=80e6))
    fake.objects[f"/bucket/{digest}"] = content
    with serving(fake) as address:
        sys.stdout.write(f"{address} {digest}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
