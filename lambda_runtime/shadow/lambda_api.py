"""The two calls of the Lambda API that shadowing needs, as bytes to send."""

from __future__ import annotations

import time

from lambda_runtime.cache.credentials import credentials_of
from lambda_runtime.cache.endpoint import override_of, suffix_of
from lambda_runtime.cache.http import Address, Connection
from lambda_runtime.cache.sigv4 import Asked, Credentials, Scope, signed
from lambda_runtime.cache.tier import Limit
from lambda_runtime.shadow.line import Line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_FUNCTIONS = "/2015-03-31/functions/"
_CONNECT_S, _STALL_S = 1.0, 0.5
_FOR_EVER_S = 1e9


class LambdaApi:
    """
    Calls about one function, signed by its own role.

    Args:
        function: The function's name.
        environ: Region, credentials, and an endpoint if one is set
            (`AWS_ENDPOINT_URL_LAMBDA`); a plain one on this very machine is asked
            unsigned where there are no credentials.

    Raises:
        Miss: The endpoint is no address.
    """

    def __init__(self, function: str, environ: Mapping[str, str]) -> None:
        self._environ = environ
        region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
        self._region = region or "us-east-1"
        override = override_of(environ, "LAMBDA")
        if override is not None:
            self._address, self._host = override.address, override.host
        else:
            self._host = f"lambda.{self._region}.{suffix_of(self._region)}"
            self._address = Address(self._host, 443, tls=True)
        self._path = f"{override.path if override else ''}{_FUNCTIONS}{function}"

    def connect(self) -> Line:
        """
        A new connection.

        Raises:
            OSError, Miss: It cannot be made in a second.
        """
        connection = Connection(self._address, Limit(_FOR_EVER_S), _CONNECT_S)
        connection.stall_s = _STALL_S
        return Line(connection)

    def get_alias(self, alias: str) -> bytes:
        """Ask for an alias: its version, weights and note."""
        return self._request(f"{self._path}/aliases/{alias}", Asked())

    def invoke_later(self, version: str, event: bytes) -> bytes:
        """Ask for *event* to be run by *version*; the answer says only that it will."""
        asked = Asked("POST", f"Qualifier={version}", event)
        return self._request(f"{self._path}/invocations", asked)

    def _request(self, path: str, asked: Asked) -> bytes:
        headers = {"host": self._host}
        if asked.method == "POST":
            headers |= {
                "content-type": "application/json",
                "x-amz-invocation-type": "Event",
            }
        who = self._credentials()
        if who is not None:
            scope = Scope(self._region, time.time(), "lambda")
            headers = signed(path, headers, who, scope, asked)
        headers["content-length"] = str(len(asked.body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        target = f"{path}?{asked.query}" if asked.query else path
        head = f"{asked.method} {target} HTTP/1.1\r\n{lines}\r\n"
        return head.encode("latin-1") + asked.body

    def _credentials(self) -> Credentials | None:
        near = not self._address.tls and self._address.host == "127.0.0.1"
        if near and not self._environ.get("AWS_ACCESS_KEY_ID"):
            return None
        return credentials_of(self._environ, Limit(_CONNECT_S))
