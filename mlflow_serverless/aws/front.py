"""Calling a function by its front door: the URL of an alias, or an HTTP API."""

import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from mlflow_serverless.aws.errors import (
    AccessDeniedError,
    NoCredentialsError,
    PayloadTooLargeError,
    ThrottledError,
    UnreachableError,
)
from mlflow_serverless.aws.session import Access
from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES
from mlflow_serverless.world import Reply

_ROUTE = "/invocations"
_ENTRY = "lambda:InvokeFunctionUrl"
_JSON = {"Content-Type": "application/json"}
_SIGNED_FOR = {".on.aws": "lambda", ".amazonaws.com": "execute-api"}
"""What requests to a host are signed for, by what its name ends with."""


class NoFrontDoorError(ServerlessError):
    """The function can be called by its name only."""

    code = "no-front-door"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} has neither a function URL nor an HTTP API.",
            hint="deploy with -C url.auth=iam, or invoke it by name.",
        )


def post(access: Access, url: str, payload: bytes, *, service: str = "") -> Reply:
    """
    Ask what is behind *url* for predictions, signed by our credentials.

    Args:
        access: Whose credentials sign; a door that lets in everybody does not mind.
        url: Of a function URL or an HTTP API; `/invocations` is added.
        payload: JSON.
        service: What it is signed for; empty to tell by the host.

    Raises:
        AccessDeniedError: The door does not let us in.
        ServerlessError: No answer, too large, or throttled.
    """
    if len(payload) > SYNC_PAYLOAD_BYTES:
        raise PayloadTooLargeError(len(payload))
    address = f"{url.rstrip('/')}{_ROUTE}"
    service = service or _service(address)
    request = urllib.request.Request(  # noqa: S310 - AWS gave us the address
        address, payload, _signed(access, address, payload, service)
    )
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=access.pace.read_s) as answer:  # noqa: S310
            return _reply(answer.status, answer.read(), began)
    except urllib.error.HTTPError as refusal:
        return _refused(address, refusal, began)
    except OSError as cause:
        raise UnreachableError(str(getattr(cause, "reason", cause))) from cause


def _signed(access: Access, url: str, payload: bytes, service: str) -> dict[str, str]:
    credentials = access.session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    request = AWSRequest("POST", url, headers=dict(_JSON), data=payload)
    signer = SigV4Auth(
        credentials.get_frozen_credentials(), service, access.place.region
    )
    signer.add_auth(request)
    return dict(request.headers.items())


def _service(url: str) -> str:
    host = urlsplit(url).hostname or ""
    found = (name for end, name in _SIGNED_FOR.items() if host.endswith(end))
    return next(found, "execute-api")


def _reply(status: int, body: bytes, began: float) -> Reply:
    took = (time.monotonic() - began) * 1e3
    return Reply(payload=body, version="", status=status, duration_ms=took)


def _refused(url: str, refusal: urllib.error.HTTPError, began: float) -> Reply:
    """What the function refused is its answer; what the door refused is an error."""
    body, what = refusal.read(), f"a call of {url}"
    if refusal.code in {401, 403}:
        raise AccessDeniedError(_ENTRY, url, "") from refusal
    if refusal.code == 429:
        raise ThrottledError(what, refusal.reason) from refusal
    return _reply(refusal.code, body, began)
