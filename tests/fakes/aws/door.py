"""Function URLs: who may come in, and what the function is asked."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlflow_serverless.local import function_url
from tests.fakes.aws.rest import Answer, AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.fakes.aws.plane import Plane
    from tests.fakes.aws.shelf import Made, Shelf
    from tests.fakes.aws.signature import Signatures

PATH = "/lambda-url/"
"""Where URLs begin, as there are no names for hosts here."""

BOTH = {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
"""What a public URL needs its alias to allow everybody."""


@dataclass(frozen=True)
class Behind:
    """What every door leads to."""

    shelf: Shelf
    """Where functions are kept."""
    plane: Plane
    """Runs them."""
    signatures: Signatures
    """Knows those that are right."""
    root: Callable[[], str]
    """What comes before a door's path; asked late, as the server is made last."""


class UrlDoor:
    """
    The way in by function URLs.

    Args:
        behind: What it leads to.
    """

    def __init__(self, behind: Behind) -> None:
        self._behind = behind

    def url(self, arn: str) -> str:
        """The URL that leads to *arn*, a function's with a qualifier."""
        name = hashlib.sha256(arn.encode()).hexdigest()[:24]
        return f"{self._behind.root()}{PATH}{name}/"

    def answer(self, environ: Mapping[str, Any], body: bytes) -> Answer:
        """What whoever comes by a URL is answered."""
        at = self._behind.root() + environ["PATH_INFO"]
        for made in self._behind.shelf.functions.values():
            for qualifier, url in made.urls.items():
                if at.startswith(url["FunctionUrl"]):
                    return self._within(made, qualifier, environ, body)
        return _said(404, "Not Found")

    def _within(
        self, made: Made, qualifier: str, environ: Mapping[str, Any], body: bytes
    ) -> Answer:
        auth = made.urls[qualifier]["AuthType"]
        at = self._behind.root() + environ["PATH_INFO"]
        signed = auth == "AWS_IAM" and self._behind.signatures.right(
            environ, at, body, "lambda"
        )
        if not signed and not (auth == "NONE" and _public(made, qualifier)):
            return _said(403, "Forbidden")
        call = function_url.Call(
            method=environ["REQUEST_METHOD"], query=environ["QUERY_STRING"],
            path=f"/{environ['PATH_INFO'].removeprefix(PATH).partition('/')[2]}",
            headers=tuple(_headers(environ)),
            body=body, source="127.0.0.1", id=uuid.uuid4().hex, at=datetime.now(UTC),
        )  # fmt: skip
        try:
            found = self._behind.plane.invoke(
                made.name, function_url.to_event(call), Qualifier=qualifier
            )
        except AwsError as error:
            return _said(error.status, error.message)
        reply = function_url.from_reply(found["Payload"], found["FunctionError"])
        return Answer(reply.status, reply.body, dict(reply.headers))


def _headers(environ: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the caller sent, as WSGI has it."""
    yield "content-type", environ.get("CONTENT_TYPE", "")
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            yield key.removeprefix("HTTP_").replace("_", "-").lower(), value


def _public(made: Made, qualifier: str) -> bool:
    """Whether everybody is let in by both statements that it takes."""
    statements = made.policies.get(qualifier, {}).values()
    allowed = {said["Action"] for said in statements if said["Principal"] == "*"}
    return allowed >= BOTH


def _said(status: int, message: str) -> Answer:
    body = json.dumps({"Message": message}).encode()
    return Answer(status, body, {"Content-Type": "application/json"})
