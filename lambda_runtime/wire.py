"""HTTP/1.1 over one raw socket: just as much as the Runtime API speaks.

`http.client` costs 31 ms of a cold start; this costs none. One connection is kept
open; whoever calls decides what a broken exchange means, since only the caller knows
whether asking again is harmless.
"""

from __future__ import annotations

import _socket

from lambda_runtime.record import NamedTuple, made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD_LIMIT = 64 * 1024
"""Longest head read [bytes]; Lambda's longest, with a client context, is near 8 kB."""

TOGETHER = 64 * 1024
"""Bodies up to this [bytes] go out in one segment train with their head."""

_FIRST = 16 * 1024
"""Read at once where a head is expected [bytes]; larger reads would cost a mapping."""

_CHUNK = 1024 * 1024
_ACCEPTED = 202
_NO_HEADERS: dict[str, str] = {}
_WAIT_ALL = _socket.MSG_WAITALL


class Broken(Exception):
    """The connection ended before a whole reply was read.

    `head` holds the reply's headers if those, at least, had arrived.
    """

    def __init__(self, why: str, head: Mapping[str, str] | None = None) -> None:
        super().__init__(why)
        self.head = head


class Oversize(Exception):
    """A reply's body is larger than the limit; it was not read."""

    def __init__(self, head: Mapping[str, str], size: int, limit: int) -> None:
        super().__init__(f"{size} bytes, more than {limit}")
        self.head, self.size, self.limit = head, size, limit


class Reply(NamedTuple):
    """One HTTP reply."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; what is not UTF-8 is shown, not refused."""
    body: bytes


class Wire:
    """One keep-alive connection, opened at the first exchange.

    Args:
        address: `host:port`, as `AWS_LAMBDA_RUNTIME_API` gives it.
        limit: Largest body read [bytes].
    """

    def __init__(self, address: str, *, limit: int) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._limit = limit
        self._socket: _socket.socket | None = None
        self._rest = b""
        self._receipt = b"", 0, _NO_HEADERS

    def exchange(self, head: bytes, body: bytes = b"") -> Reply:
        """
        Send one request and read its reply.

        Args:
            head: Request line and headers, with the empty line that ends them.
            body: What follows; its length is in the head already.

        Raises:
            Broken: No whole reply came; the next exchange opens a new connection.
            Oversize: The reply's body is beyond the limit; likewise.
        """
        try:
            self._send(self.open(), head, body)
            return self._reply()
        except OSError as cause:
            self.close()
            raise Broken(f"{type(cause).__name__}: {cause}") from cause
        except (Broken, Oversize):
            self.close()
            raise

    def open(self) -> _socket.socket:
        """
        The connection, made now if there is none.

        Raises:
            Broken: Nobody takes connections there.
        """
        if self._socket is None:
            try:
                self._socket = self._connect()
            except OSError as cause:
                raise Broken(f"{type(cause).__name__}: {cause}") from cause
        return self._socket

    def interrupt(self) -> None:
        """Wake a read that waits, or will: it sees the end of the connection."""
        if self._socket is not None:
            try:
                self._socket.shutdown(_socket.SHUT_RD)
            except OSError:
                return  # the connection is gone already, and the read with it

    def close(self) -> None:
        """Forget the connection and whatever had been read from it."""
        self._rest = b""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> _socket.socket:
        family = _socket.AF_INET6 if ":" in self._host else _socket.AF_INET
        made = _socket.socket(family, _socket.SOCK_STREAM)
        try:
            made.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            made.connect((self._host, self._port))
        except OSError:
            made.close()
            raise
        return made

    @staticmethod
    def _send(to: _socket.socket, head: bytes, body: bytes) -> None:
        if len(body) <= TOGETHER:
            to.sendall(head + body)
            return
        try:
            to.sendall(head)
            to.sendall(body)
        except (BrokenPipeError, ConnectionResetError):
            # A server may refuse a long body before it has all of it (413), and
            # hang up; its reply then waits to be read. If not, the read fails too.
            return

    def _receive(self, size: int = _FIRST, flags: int = 0) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(size, flags)
        if not data:
            raise Broken("the server closed the connection")
        return data

    def _until(self, mark: bytes) -> bytes:
        """What comes before the next *mark*; the mark is dropped."""
        rest = self._rest or self._receive()
        while (end := rest.find(mark)) < 0:
            if len(rest) > HEAD_LIMIT:
                raise Broken(f"more than {HEAD_LIMIT} bytes of head")
            rest += self._receive()
        self._rest = rest[end + len(mark) :]
        return rest[:end]

    def _reply(self) -> Reply:
        head = self._until(b"\r\n\r\n")
        known, status, headers = self._receipt
        if head != known:
            status, headers = _parse_head(head)
            if (
                status == _ACCEPTED
            ):  # one is like another, and holds nothing of a request
                self._receipt = head, status, headers
        try:
            body = self._body(headers)
        except (OSError, Broken) as cause:
            raise Broken(f"body cut short: {cause}", headers) from cause
        if "connection" in headers and headers["connection"].lower() == "close":
            self.close()
        return made(Reply, (status, headers, body))

    def _body(self, headers: Mapping[str, str]) -> bytes:
        coding = headers.get("transfer-encoding")
        if coding is not None and coding.lower() == "chunked":
            return self._chunks(headers)
        length = _number(headers.get("content-length", "0"), 10)
        if length > self._limit:
            raise Oversize(headers, length, self._limit)
        return self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        if len(self._rest) == length:
            whole, self._rest = self._rest, b""
            return whole
        parts, have = [self._rest], len(self._rest)
        while have < length:
            part = self._receive(min(_CHUNK, length - have), _WAIT_ALL)
            parts.append(part)
            have += len(part)
        whole = b"".join(parts) if len(parts) > 1 else parts[0]
        self._rest = whole[length:]
        return whole[:length]

    def _chunks(self, headers: Mapping[str, str]) -> bytes:
        parts, have = [], 0
        while size := _number(self._until(b"\r\n").partition(b";")[0], 16):
            have += size
            if have > self._limit:
                raise Oversize(headers, have, self._limit)
            parts.append(self._exactly(size))
            self._exactly(2)
        while self._until(b"\r\n"):  # trailers, up to the empty line
            pass
        return b"".join(parts)


def _parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("utf-8", "replace").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return _number(first[9:12], 10), headers


def _number(text: bytes | str, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError:
        number = -1
    if number < 0:
        raise Broken(f"not HTTP: {text[:40]!r} where a number was expected")
    return number
