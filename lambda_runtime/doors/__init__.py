"""One event shape each, to and from `Request` and `Response`.

A door is an event that has been recognised. To add one (queue, stream, bucket): a
module with a class like those in `http`, a line in `wrapped.py`, a sample in
`tests/events/`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from lambda_runtime.exchange import Request, Response

    class Door(Protocol):
        """Where one event came in, and its answer goes out."""

        @property
        def name(self) -> str:
            """`direct`, `rest`, `http`, `url`, `alb` or `shadow`."""
            ...

        @property
        def limit(self) -> int:
            """Largest answer that gets through [bytes]."""
            ...

        def request(self) -> Request:
            """
            What the event asks.

            Raises:
                BadRequest: Its body cannot be decoded.
            """
            ...

        def answer(self, response: Response) -> bytes:
            """What Lambda is to be given for *response*."""
            ...
