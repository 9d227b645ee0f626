"""Calling an ASGI application without a server."""

import asyncio
from typing import Any, NamedTuple


class Answered(NamedTuple):
    """What the application sent."""

    status: int
    headers: dict[str, str]
    body: bytes


def request(
    app: Any, path: str, *, host="127.0.0.1:9000", body=b"", method="POST"
) -> Answered:
    """Send one request, and wait for all of the answer."""
    headers = [(b"host", host.encode()), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"q=1",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 9000),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    content = b"".join(m.get("body", b"") for m in sent[1:])
    return Answered(sent[0]["status"], found, content)
