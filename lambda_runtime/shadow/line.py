"""One connection on which answers are read later than they are asked for.

A mirrored request must not wait for its receipt: the process asks for its next event
first, and looks for the receipt after that one.
"""

from __future__ import annotations

from lambda_runtime.cache.http import BrokenExchangeError, head_of
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.cache.http import Connection

_LONGEST = 256 * 1024


class Reply(NamedTuple):
    """A whole response."""

    status: int
    body: bytes


class Line:
    """A connection with at most one request under way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._came = bytearray()
        self._room = memoryview(bytearray(16_384))
        self.busy = False

    def send(self, request: bytes) -> None:
        """
        Write a whole request; its reply comes through `poll`.

        Raises:
            OSError: The connection is gone.
        """
        self._connection.send(request)
        self.busy = True

    def poll(self, wait_s: float = 0.0) -> Reply | None:
        """
        The reply, if it has come; None if not yet.

        Args:
            wait_s: How long to wait for its next part at most.

        Raises:
            OSError: The connection ended, or what came is not HTTP.
        """
        while True:
            count = self._connection.poll(self._room, wait_s)
            if count is None:
                return None
            if not count or len(self._came) > _LONGEST:
                raise BrokenExchangeError("closed before the whole response")
            self._came += self._room[:count]
            if (reply := _whole(bytes(self._came))) is not None:
                self._came.clear()
                self.busy = False
                return reply

    def alive(self) -> bool:
        """Whether an idle connection may be used: the other side says nothing."""
        try:
            return self._connection.poll(self._room, 0.0) is None
        except OSError:
            return False

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _whole(came: bytes) -> Reply | None:
    """The response in *came*, once all of it is there."""
    text, end, rest = came.partition(b"\r\n\r\n")
    if not end:
        return None
    head = head_of(text.decode("latin-1"))
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        raise BrokenExchangeError("a chunked reply")
    length = int(head.headers.get("content-length", "0"))
    return Reply(head.status, rest[:length]) if len(rest) >= length else None
