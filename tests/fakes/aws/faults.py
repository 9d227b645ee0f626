"""What goes wrong between a client and AWS, and what is not allowed."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from tests.fakes.aws.rest import Answer, RestJson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_REST = ("lambda", "apigatewayv2", "s3", "scheduler")
_SIGNED_AS = {"apigateway": "apigatewayv2", "monitoring": "cloudwatch"}


_ALLOWED_BY = {
    ("lambda", "Invoke"): "lambda:InvokeFunction",
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "ListObjects"): "s3:ListBucket",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "CopyObject"): "s3:PutObject",
    ("s3", "UploadPart"): "s3:PutObject",
    ("s3", "CreateMultipartUpload"): "s3:PutObject",
    ("s3", "CompleteMultipartUpload"): "s3:PutObject",
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    ("s3", "PutBucketEncryption"): "s3:PutEncryptionConfiguration",
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "PutPublicAccessBlock"): "s3:PutBucketPublicAccessBlock",
}
"""Permissions that are not called as their operations are."""


class Fault(Enum):
    """What becomes of one request."""

    REQUEST_LOST = "request lost"
    """The connection ends before AWS has heard of it."""
    RESPONSE_LOST = "response lost"
    """It is done, and nobody is told."""
    THROTTLED = "throttled"
    DENIED = "denied"
    BROKEN = "internal error"


@dataclass(frozen=True)
class Call:
    """One request, by what it asks for: `lambda:CreateFunction`."""

    service: str
    action: str
    method: str = ""

    def __str__(self) -> str:
        return f"{self.service}:{self.action}"

    @property
    def writes(self) -> bool:
        """Whether it may change anything."""
        reads = ("Get", "List", "Describe", "Batch", "Head", "Filter", "GET", "HEAD")
        return not self.action.startswith(reads) or self.action == "BatchDeleteImage"

    @property
    def permission(self) -> str:
        """What one must be allowed for it, in IAM's words."""
        if self.service == "apigatewayv2":
            return f"apigateway:{self.method}"
        return _ALLOWED_BY.get((self.service, self.action), str(self))


Decide = "Callable[[Call], Fault | None]"


@dataclass
class Faults:
    """Decides each request's fate, and remembers what was asked."""

    decide: Callable[[Call], Fault | None] = lambda _: None
    calls: list[Call] = field(default_factory=list)

    def heal(self) -> None:
        """From now on all goes well; what was asked is forgotten."""
        self.decide = lambda _: None
        self.calls.clear()

    def deny(self, *permissions: str) -> None:
        """Refuse what needs these (`lambda:CreateFunction`)."""
        self.decide = lambda call: (
            Fault.DENIED if call.permission in permissions else None
        )

    def once(self, action: str, fault: Fault) -> None:
        """The next request for *action* goes wrong."""
        left = [fault]
        self.decide = lambda call: left.pop() if str(call) == action and left else None

    def die_at(self, number: int, fault: Fault) -> None:
        """The *number*-th write (from 0) goes wrong, and nothing after it arrives."""
        seen = [0]

        def decide(call: Call) -> Fault | None:
            at = seen[0]
            if not call.writes and at <= number:
                return None
            seen[0] += 1
            if at == number:
                return fault
            return Fault.REQUEST_LOST if at > number else None

        self.decide = decide


class Namer:
    """Says what a request asks for."""

    def __init__(self) -> None:
        self._routers = {name: RestJson(name) for name in _REST}

    def call(self, environ: Mapping[str, Any], body: bytes) -> Call:
        """The service and the action of one request."""
        service, method = signed_for(environ), environ["REQUEST_METHOD"]
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        path = environ["PATH_INFO"]
        if target:
            return Call(service, target.rpartition(".")[2], method)
        if "/operation/" in path:
            return Call(service, path.rpartition("/")[2])
        if service in self._routers:
            found = self._routers[service].operation(
                method, path, environ["QUERY_STRING"]
            )
            return Call(service, found or "Unknown", method)
        kind = environ.get("CONTENT_TYPE", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            return Call(service, parse_qs(body.decode())["Action"][0])
        return Call(service, f"{method} {path}", method)


def signed_for(environ: Mapping[str, Any]) -> str:
    """The service a request was signed for; empty if it was not signed."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
    parts = scope.partition(",")[0].split("/")
    return _SIGNED_AS.get(parts[3], parts[3]) if len(parts) == 5 else ""


def signed_by(environ: Mapping[str, Any]) -> str:
    """The access key that a request was signed with; empty if it was not signed."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
    return str(scope.partition("/")[0])


def hang_up(environ: Mapping[str, Any]) -> Answer:
    """End the connection without a word."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return Answer(200)


def refusal(fault: Fault, call: Call) -> Answer:
    """What AWS answers to what it refuses."""
    if fault is Fault.THROTTLED:
        status, code, said = 429, "ThrottlingException", "Rate exceeded"
        code = "TooManyRequestsException" if call.service == "lambda" else code
    elif fault is Fault.BROKEN:
        status, code, said = 500, "ServiceException", "An error occurred."
    else:
        status, code = 403, "AccessDeniedException"
        said = (
            "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: "
            f"{call.permission} on resource: * because no identity-based policy allows "
            f"the {call.permission} action"
        )
    if call.service in {"iam", "sts"}:
        code = "AccessDenied" if status == 403 else code
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
            f"<Message>{said}</Message></Error></ErrorResponse>"
        )
        return Answer(status, body.encode(), {"Content-Type": "text/xml"})
    if call.service == "s3":
        code = "AccessDenied" if status == 403 else code
        body = f"<Error><Code>{code}</Code><Message>{said}</Message></Error>"
        headed = call.method == "HEAD"  # to which nobody answers with words
        content = b"" if headed else body.encode()
        return Answer(status, content, {"Content-Type": "application/xml"})
    body = json.dumps({"__type": code, "message": said, "Message": said})
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
    return Answer(status, body.encode(), headers)
