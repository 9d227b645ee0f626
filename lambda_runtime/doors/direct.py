"""Direct invocation: the event is the payload, the answer is the body."""

from __future__ import annotations

from lambda_runtime.exchange import Request
from lambda_runtime.record import made
from lambda_runtime.runtime_api import PAYLOAD_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.exchange import Response

_HEADERS = {"content-type": "application/json", "accept": "application/json"}


class Direct:
    """An event no front end has wrapped; its bytes are never parsed here."""

    name = "direct"
    limit = PAYLOAD_LIMIT

    def __init__(self, event: bytes) -> None:
        self._event = event

    def request(self) -> Request:
        """The event, as if posted to `/invocations`."""
        return made(Request, ("POST", "/invocations", _HEADERS, self._event, ""))

    @staticmethod
    def answer(response: Response) -> bytes:
        """The body itself."""
        return response.body
