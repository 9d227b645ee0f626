"""HTTP requests as function-URL events (payload 2.0), and the way back; pure."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_TEXT = ("application/json", "application/xml", "application/javascript", "text/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request for a function."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    """In order, names in lower case; a name may come twice."""
    body: bytes
    source: str
    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What the HTTP client gets."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def to_event(call: Call) -> bytes:
    """The event that a function URL would send to the function, as JSON."""
    headers = _joined(call.headers)
    text = headers.get("content-type", "").startswith(_TEXT)
    domain = headers.get("host", "")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": call.path,
        "rawQueryString": call.query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "http": {
                "method": call.method,
                "path": call.path,
                "protocol": "HTTP/1.1",
                "sourceIp": call.source,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": call.id,
            "routeKey": "$default",
            "stage": "$default",
            "time": call.at.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(call.at.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if call.body:
        event |= _body(call.body, text=text)
    return json.dumps(event).encode()


def _joined(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Headers by name; those that come twice joined by commas, as AWS does."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(body: bytes, *, text: bool) -> dict[str, Any]:
    if text:
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass  # the content type does not tell the truth
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def from_reply(payload: bytes, error: str | None) -> Answer:
    """
    What a function URL makes of the function's answer.

    An object with `statusCode` is a whole response; anything else is JSON for 200. A
    function that failed is a 502, and so is a response that is none.
    """
    if error is not None:
        return _bad_gateway()
    try:
        value = json.loads(payload)
        if isinstance(value, dict) and "statusCode" in value:
            return _whole(value)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return _bad_gateway()
    return Answer(200, (("content-type", "application/json"),), payload)


def _whole(value: Mapping[str, Any]) -> Answer:
    body = value.get("body") or ""
    given = {name.lower(): str(v) for name, v in (value.get("headers") or {}).items()}
    headers = {"content-type": "application/json"} | given
    cookies = (("set-cookie", str(cookie)) for cookie in value.get("cookies") or ())
    raw = (
        base64.b64decode(body, validate=True)
        if value.get("isBase64Encoded")
        else _text(body).encode()
    )
    return Answer(int(value["statusCode"]), (*headers.items(), *cookies), raw)


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def _bad_gateway() -> Answer:
    return Answer(502, (("content-type", "text/plain"),), b"Internal Server Error")
