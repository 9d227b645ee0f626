"""HTTP/1.1 over a raw socket: GET, the body straight into a caller's buffer.

`http.client` and `ssl` cost 50 ms at a cold start; `_socket` and `_ssl` cost 3.
"""

from __future__ import annotations

import _socket
import os

from lambda_runtime.cache.tier import Miss
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambda_runtime.cache.tier import Limit

_HEAD_LIMIT = 65_536


class BrokenExchangeError(OSError):
    """The other side did not speak HTTP as agreed, or stopped half-way."""


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int
    tls: bool


class Head(NamedTuple):
    """Status and headers of a response."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""


class Connection:
    """One connection to one server; for one thread, but for `cut`."""

    def __init__(self, address: Address, limit: Limit, stall_s: float) -> None:
        self._limit = limit
        self.stall_s = stall_s
        self._early = memoryview(b"")
        self._left = 0
        self._chunked = self._last = False
        self._socket = _connected(address, self._wait())
        self._read: Callable[[int, memoryview], int]
        self._write: Callable[[bytes], object]
        self._nothing_yet: tuple[type[OSError], ...] = (BlockingIOError, TimeoutError)
        try:
            self._start(address)
        except BaseException:
            self._socket.close()
            raise

    def ask(self, path: str, headers: Mapping[str, str]) -> Head:
        """
        Send a GET and read the response's head.

        Raises:
            OSError: The connection failed; BrokenExchangeError if it is not HTTP.
        """
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        request = f"GET {path} HTTP/1.1\r\n{''.join(lines)}\r\n"
        self._socket.settimeout(self._wait())
        self._write(request.encode("latin-1"))
        head = self._head()
        while 100 <= head.status < 200:
            head = self._head()
        self._chunked = "chunked" in head.headers.get("transfer-encoding", "").lower()
        self._left = int(head.headers.get("content-length", "0"))
        self._last = "close" in head.headers.get("connection", "").lower()
        return head

    def send(self, request: bytes) -> None:
        """
        Send a request whose response is read with `poll`.

        Raises:
            OSError: The connection failed, or took too long to take it.
        """
        self._socket.settimeout(self._wait())
        self._write(request)

    def poll(self, into: memoryview, wait_s: float) -> int | None:
        """
        What has come, as it came: how many bytes; None if nothing has, 0 at the end.

        Args:
            into: Where to.
            wait_s: How long to wait for the first byte [s].

        Raises:
            OSError: The connection failed.
        """
        self._socket.settimeout(wait_s)
        try:
            return self._read(len(into), into)
        except self._nothing_yet:
            return None

    def take(self, into: memoryview) -> int:
        """
        Read the next part of the body; how many bytes, never 0.

        One wait lasts as long as at the request; the sum of waits is for the caller
        to watch, who can `cut`.

        Raises:
            OSError: The connection failed or stalled; the body ended too early.
        """
        if self._early:
            count = min(len(self._early), len(into))
            into[:count] = self._early[:count]
            self._early = self._early[count:]
        else:
            count = self._read(len(into), into)
        if not count:
            raise BrokenExchangeError(f"closed with {self._left} bytes to come")
        self._left -= count
        return count

    def text(self) -> bytes:
        """The beginning of the body, for an error; the connection is spent."""
        self._last = True
        body = bytearray()
        room = memoryview(bytearray(8192))
        wanted = 16_384 if self._chunked else min(self._left, 16_384)
        try:
            while len(body) < wanted and not (self._chunked and _ended(body)):
                self._limit.check()
                count = self.take(room)
                body += room[:count]
        except OSError:
            pass  # what there is may still tell the reason
        return _unchunked(bytes(body)) if self._chunked else bytes(body)

    @property
    def reusable(self) -> bool:
        """Whether another request may be sent."""
        return not (self._last or self._chunked or self._left or self._early)

    def cut(self) -> None:
        """End whatever another thread does with this connection."""
        try:
            self._socket.shutdown(_socket.SHUT_RDWR)
        except OSError:
            return  # it has ended already

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _start(self, address: Address) -> None:
        self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        if not address.tls:
            self._read = lambda size, into: self._socket.recv_into(into, size)
            self._write = self._socket.sendall
            return
        from lambda_runtime.cache import tls  # noqa: PLC0415 - a plain endpoint needs none

        self._nothing_yet += (tls.nothing_yet(),)
        secure = tls.trust()._wrap_socket(  # noqa: SLF001 - ssl's own way in, without ssl
            self._socket, server_side=False, server_hostname=address.host
        )
        try:
            secure.do_handshake()
        except OSError as cause:
            if getattr(cause, "verify_code", 0):  # asking again would not help
                raise Miss(
                    f"the certificate of {address.host} is not trusted: "
                    f"{getattr(cause, 'verify_message', cause)}; AWS_CA_BUNDLE names "
                    "a file with other authorities"
                ) from None
            raise
        self._read = secure.read
        self._write = secure.write

    def _wait(self) -> float:
        self._limit.check()
        return min(self.stall_s, max(0.001, self._limit.left()))

    def _head(self) -> Head:
        gathered = bytearray(self._early)
        room = memoryview(bytearray(16_384))
        while b"\r\n\r\n" not in gathered:
            self._limit.check()
            if len(gathered) > _HEAD_LIMIT:
                raise BrokenExchangeError("a head beyond 64 KiB")
            count = self._read(len(room), room)
            if not count:
                raise BrokenExchangeError("closed before the response")
            gathered += room[:count]
        head, _, rest = bytes(gathered).partition(b"\r\n\r\n")
        self._early = memoryview(rest)
        return head_of(head.decode("latin-1"))


def head_of(text: str) -> Head:
    """
    The head of a response, from its text without the empty line.

    Raises:
        BrokenExchangeError: It is not HTTP.
    """
    first, *lines = text.split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise BrokenExchangeError(f"not HTTP: {first[:40]!r}")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if not headers.get("content-length", "0").isdigit():
        raise BrokenExchangeError("a length that is no number")
    return Head(int(rest[:3]), headers)


def _ended(body: bytearray) -> bool:
    return body.endswith(b"\r\n0\r\n\r\n") or body == b"0\r\n\r\n"


def _unchunked(body: bytes) -> bytes:
    """The content of a chunked body, as far as it goes."""
    pieces = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            break
        pieces.append(rest[:length])
        body = rest[length + 2 :] if length else b""
    return b"".join(pieces)


class _Socket(_socket.socket):
    """What TLS can refer to weakly, as it must."""

    __slots__ = ("__weakref__",)


def _connected(address: Address, seconds: float) -> _socket.socket:
    """A connected socket; each of the host's addresses gets a chance."""
    found = _socket.getaddrinfo(
        address.host.encode(), address.port, 0, _socket.SOCK_STREAM
    )  # bytes: a str would import the IDNA tables
    turn = os.getrandom(1)[0] % len(found)  # spread over S3's many addresses
    failure: OSError = BrokenExchangeError("the name has no address")
    for family, kind, protocol, _, where in found[turn:] + found[:turn]:
        connection = _Socket(family, kind | _socket.SOCK_CLOEXEC, protocol)
        try:
            connection.settimeout(seconds)
            connection.connect(where)
        except OSError as cause:
            connection.close()
            failure = cause
        else:
            return connection
    raise failure
