"""A call and its answer, however they came; Python's own library only."""

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple


class Request(NamedTuple):
    """One HTTP request."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Answer(NamedTuple):
    """What the caller gets: a status, and a word on what was done."""

    status: int
    said: str

    def body(self) -> bytes:
        """As JSON."""
        key = "error" if self.status >= 400 else "status"
        return json.dumps({key: self.said}).encode()


def from_function_url(event: Mapping[str, Any]) -> Request:
    """An event of a Lambda function URL (payload format 2.0)."""
    http = event.get("requestContext", {}).get("http", {})
    text = event.get("body") or ""
    body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
    headers = {k.lower(): v for k, v in (event.get("headers") or {}).items()}
    return Request(http.get("method", "POST"), event.get("rawPath", "/"), headers, body)


def to_function_url(answer: Answer) -> dict[str, Any]:
    """What a Lambda function URL is answered with."""
    return {
        "statusCode": answer.status,
        "headers": {"content-type": "application/json"},
        "body": answer.body().decode(),
    }
