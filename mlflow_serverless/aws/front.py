"""By the front door: what a function URL or an HTTP API lets in is signed.

Requests are signed for AWS's own hosts only, and over TLS: a signature comes with the
session's token, which is nobody else's business.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from mlflow_serverless.aws.errors import NoCredentialsError, explained
from mlflow_serverless.aws.session import Access

_OWN = re.compile(
    r"[\w-]+\.(?:lambda-url\.(?P<url>[\w-]+)\.on\.aws"
    r"|execute-api\.(?P<api>[\w-]+)\.amazonaws\.com(?:\.cn)?)"
)
"""Hosts of AWS's doors; their names say for which region they check signatures."""

_API_PATH = "/_aws/execute-api/"
"""Where stand-ins for AWS that have one host for all have its HTTP APIs."""


class Front:
    """
    The doors of one account.

    Args:
        access: Whose credentials sign.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def sign(self, url: str, payload: bytes) -> Mapping[str, str]:
        """
        See `world.Doors`.

        Raises:
            ServerlessError: There are no credentials, or they cannot be renewed.
        """
        scope = self._scope(url)
        if scope is None:
            return {}
        with explained():
            credentials = self._access.session.get_credentials()
            if credentials is None:
                raise NoCredentialsError
            content = {"Content-Type": "application/json"}
            request = AWSRequest("POST", url, headers=content, data=payload)
            SigV4Auth(credentials.get_frozen_credentials(), *scope).add_auth(request)
        return dict(request.headers.items())

    def _scope(self, url: str) -> tuple[str, str] | None:
        """Service and region that *url* is signed for; None if it is not AWS's."""
        parts = urlsplit(url)
        found = _OWN.fullmatch(parts.hostname or "")
        if found and parts.scheme == "https":
            service = "lambda" if found["url"] else "execute-api"
            return service, found["url"] or found["api"]
        service = "execute-api" if parts.path.startswith(_API_PATH) else "lambda"
        called = "apigatewayv2" if service == "execute-api" else service
        ours = urlsplit(self._access.client(called).meta.endpoint_url)
        if (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc):
            return service, self._access.place.region  # another AWS_ENDPOINT_URL
        return None

    def pauses(self) -> Iterator[float]:
        """See `world.Doors`; they double up to 5 s."""
        pause, left = self._access.pace.poll_s, self._access.pace.settle_s
        while left > 0:
            yield pause
            left -= pause
            pause = min(2 * pause, 5.0)
