"""The front ends that wrap HTTP: API Gateway, function URLs, load balancers.

All of them give and take JSON objects of nearly one shape. Requests: payload version
1.0 (REST API, and HTTP API on request), version 2.0 (HTTP API, function URL), and the
load balancer's, each with bodies as text or base64. Responses: one shape, to which a
load balancer adds a status line, and multi-value headers if it was told to use them.
"""

from __future__ import annotations

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64

from lambda_runtime.errors_out import quoted
from lambda_runtime.exchange import Request
from lambda_runtime.faults import BadRequest
from lambda_runtime.runtime_api import PAYLOAD_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from lambda_runtime.exchange import Response

    Event = Mapping[str, Any]

ALB_LIMIT = 1024 * 1024
"""Largest answer, as JSON, that a load balancer takes from a function [bytes]."""

_UNRESERVED = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
)
_REASONS = {
    200: "OK", 204: "No Content", 400: "Bad Request", 404: "Not Found",
    405: "Method Not Allowed", 413: "Content Too Large",
    415: "Unsupported Media Type", 500: "Internal Server Error",
    503: "Service Unavailable",
}  # fmt: skip


class Version1:
    """REST APIs, and HTTP APIs with payload version 1.0."""

    name = "rest"
    limit = PAYLOAD_LIMIT

    def __init__(self, event: Event) -> None:
        self._event = event

    def request(self) -> Request:
        """What the gateway was asked."""
        event = self._event
        pairs = _pairs(
            event, "multiValueQueryStringParameters", "queryStringParameters"
        )
        return Request(
            event["httpMethod"].upper(),
            self._path(),
            _headers(event),
            _body(event),
            "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in pairs),
        )

    def answer(self, response: Response) -> bytes:
        """The gateway's object for *response*."""
        return _object(response)

    def _path(self) -> str:
        event = self._event
        parameters = event.get("pathParameters")
        if event.get("resource") == "/{proxy+}" and isinstance(parameters, dict):
            # A custom domain's base path is in `path`, but not in `proxy`.
            proxy = parameters.get("proxy")
            if isinstance(proxy, str):
                return _path("/" + proxy)
        path = event["path"]
        if event.get("version") == "1.0":
            return _path(_without_stage(path, event["requestContext"].get("stage")))
        return _path(path)


class Version2:
    """HTTP APIs with payload version 2.0, and function URLs."""

    limit = PAYLOAD_LIMIT

    def __init__(self, event: Event) -> None:
        self._event = event
        domain = str(event["requestContext"].get("domainName", ""))
        self.name = "url" if ".lambda-url." in domain else "http"

    def request(self) -> Request:
        """What the gateway was asked."""
        event, context = self._event, self._event["requestContext"]
        path = _without_stage(event["rawPath"], context.get("stage"))
        query = event.get("rawQueryString")
        return Request(
            context["http"]["method"].upper(),
            _path(path),
            _headers(event),
            _body(event),
            query if isinstance(query, str) else "",
        )

    def answer(self, response: Response) -> bytes:
        """The gateway's object for *response*."""
        return _object(response)


class Balancer:
    """Application load balancers."""

    name = "alb"
    limit = ALB_LIMIT

    def __init__(self, event: Event) -> None:
        self._event = event

    def request(self) -> Request:
        """What the load balancer was asked; it leaves query strings encoded."""
        event = self._event
        pairs = _pairs(
            event, "multiValueQueryStringParameters", "queryStringParameters"
        )
        return Request(
            event["httpMethod"].upper(),
            _path(event["path"]),
            _headers(event),
            _body(event),
            "&".join(f"{name}={value}" for name, value in pairs),
        )

    def answer(self, response: Response) -> bytes:
        """The load balancer's object for *response*, headers as it wants them."""
        status = response.status
        line = f'"statusDescription":"{status} {_REASONS.get(status, "Unknown")}",'
        many = isinstance(self._event.get("multiValueHeaders"), dict)
        return _object(response, extra=line, many=many)


def _pairs(event: Event, many: str, single: str) -> Iterable[tuple[str, str]]:
    """Names and values, in order; the multi-value map wins where both are given."""
    lists = event.get(many)
    if isinstance(lists, dict):
        for name, values in lists.items():
            for value in values if isinstance(values, list) else ():
                yield name, value if isinstance(value, str) else ""
        return
    values = event.get(single)
    if isinstance(values, dict):
        for name, value in values.items():
            yield name, value if isinstance(value, str) else ""


def _headers(event: Event) -> dict[str, str]:
    """Names in lower case; several values of one name joined as HTTP joins them."""
    headers: dict[str, str] = {}
    for name, value in _pairs(event, "multiValueHeaders", "headers"):
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _body(event: Event) -> bytes:
    body = event.get("body")
    if not body:
        return b""
    if not isinstance(body, str):
        raise BadRequest("the event's body is not a string")
    try:
        if event.get("isBase64Encoded") is True:
            return a2b_base64(body)
        return body.encode()
    except (NotBase64, ValueError) as cause:
        raise BadRequest(f"the event's body cannot be decoded: {cause}") from cause


def _without_stage(path: str, stage: object) -> str:
    """*path* less the stage that HTTP APIs put before it."""
    prefix = f"/{stage}"
    if stage and stage != "$default" and (path + "/").startswith(prefix + "/"):
        return path[len(prefix) :] or "/"
    return path


def _path(path: str) -> str:
    """*path* with its percent escapes undone; escapes that are none stay."""
    if "%" not in path:
        return path
    first, *parts = path.encode("utf-8", "replace").split(b"%")
    out = [first]
    for part in parts:
        try:
            out.append(bytes((int(part[:2], 16),)) + part[2:])
        except ValueError:
            out.append(b"%" + part)
    return b"".join(out).decode("utf-8", "replace")


def _escaped(text: str) -> str:
    return "".join(
        chr(byte) if byte in _UNRESERVED else f"%{byte:02X}"
        for byte in text.encode("utf-8", "replace")
    )


def _object(response: Response, *, extra: str = "", many: bool = False) -> bytes:
    """The response object, written by hand: the body is escaped once, not parsed."""
    text = _text(response)
    body = quoted(text) if text is not None else _base64(response.body)
    headers = ",".join(
        f"{quoted(name)}:[{quoted(value)}]"
        if many
        else f"{quoted(name)}:{quoted(value)}"
        for name, value in response.headers.items()
    )
    return (
        f'{{"statusCode":{response.status},{extra}'
        f'"{"multiValueHeaders" if many else "headers"}":{{{headers}}},'
        f'"isBase64Encoded":{"false" if text is not None else "true"},"body":{body}}}'
    ).encode()


def _text(response: Response) -> str | None:
    """The body as text, if its type says text and it is; else None."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not (kind.startswith("text/") or kind.endswith("json") or not response.body):
        return None
    try:
        return response.body.decode()
    except UnicodeDecodeError:
        return None


def _base64(body: bytes) -> str:
    return f'"{b2a_base64(body, newline=False).decode()}"'
