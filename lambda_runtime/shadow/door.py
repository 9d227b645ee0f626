"""The door that shadow requests come through."""

from __future__ import annotations

from lambda_runtime.doors.find import find
from lambda_runtime.record import NamedTuple
from lambda_runtime.runtime_api import PAYLOAD_LIMIT
from lambda_runtime.shadow.envelope import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambda_runtime.exchange import Request, Response
    from lambda_runtime.shadow.envelope import Pair


class Beside(NamedTuple):
    """A served answer and our own, in the same wrapping."""

    pair: Pair
    answer: bytes
    status: int
    door: str
    """The door that the caller's request came through."""


class ShadowDoor:
    """A request that somebody else has answered; our answer goes to nobody."""

    name = "shadow"
    limit = PAYLOAD_LIMIT

    def __init__(self, envelope: Any) -> None:
        self._envelope = envelope
        self.beside: Beside | None = None
        """Both answers, once there is one of ours."""

    def request(self) -> Request:
        """
        What the caller asked.

        Raises:
            BadRequest: The envelope or the event in it is malformed.
        """
        self._pair = opened(self._envelope)
        self._inner = find(self._pair.event)
        return self._inner.request()

    def answer(self, response: Response) -> bytes:
        """Nothing for the invoker; the answer is kept to be compared."""
        if hasattr(self, "_inner"):
            self.beside = Beside(
                self._pair,
                self._inner.answer(response),
                response.status,
                self._inner.name,
            )
        return b"null"
