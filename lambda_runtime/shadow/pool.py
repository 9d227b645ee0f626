"""A few connections, each with at most one request under way."""

from __future__ import annotations

from time import monotonic

from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lambda_runtime.shadow.line import Line, Reply

LATE_S = 5.0
"""A reply that has not come by then does not come [s]."""


class Ended(NamedTuple):
    """How a request came out."""

    what: str
    """As it was called when it was sent."""
    reply: Reply | None = None
    failure: str = ""
    """Why there is no reply."""


class Pool:
    """
    Connections to one server.

    Args:
        connect: Makes one.
        most: How many there may be.
    """

    def __init__(self, connect: Callable[[], Line], *, most: int) -> None:
        self._connect, self._most = connect, most
        self._idle: list[Line] = []
        self._busy: dict[Line, tuple[str, float]] = {}

    def send(self, what: str, request: bytes) -> Line | None:
        """
        Send *request*; the connection it went by, None if all are busy.

        Raises:
            OSError, Miss: It could not be sent.
        """
        line = self._free()
        if line is None:
            return None
        try:
            line.send(request)
        except BaseException:
            line.close()
            raise
        self._busy[line] = what, monotonic()
        return line

    def ended(self) -> Iterator[Ended]:
        """The requests that have ended since, one way or the other."""
        for line in list(self._busy):
            if (found := self.poll(line)) is not None:
                yield found

    def poll(self, line: Line, wait_s: float = 0.0) -> Ended | None:
        """How the request on *line* ended; None while it is under way."""
        what, since = self._busy[line]
        try:
            reply = line.poll(wait_s)
        except OSError as cause:
            return self._give_up(line, what, type(cause).__name__)
        if reply is not None:
            del self._busy[line]
            self._idle.append(line)
            return Ended(what, reply)
        if monotonic() - since > LATE_S:
            return self._give_up(line, what, "late")
        return None

    def close(self) -> None:
        """Close every connection."""
        for line in (*self._idle, *self._busy):
            line.close()
        self._idle.clear()
        self._busy.clear()

    def _free(self) -> Line | None:
        while self._idle:
            line = self._idle.pop()
            if line.alive():
                return line
            line.close()
        return self._connect() if len(self._busy) < self._most else None

    def _give_up(self, line: Line, what: str, failure: str) -> Ended:
        del self._busy[line]
        line.close()
        return Ended(what, failure=failure)
