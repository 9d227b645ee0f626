"""AWS Signature Version 4, for requests of S3 and Lambda."""

from __future__ import annotations

import hashlib
import hmac
import time

from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTHING = hashlib.sha256(b"").hexdigest()
_PLAIN = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
)


class Credentials(NamedTuple):
    """Who signs."""

    access_key: str
    secret_key: str
    token: str = ""
    """Session token; empty for long-term keys."""

    def __repr__(self) -> str:
        """Never the secret: this may end in a log."""
        return f"Credentials({self.access_key[:4]}…)"


class Scope(NamedTuple):
    """What a signature is good for, apart from the request."""

    region: str
    now: float
    """Seconds since 1970, UTC."""
    service: str = "s3"


class Asked(NamedTuple):
    """What is signed of a request, beside its path and headers."""

    method: str = "GET"
    query: str = ""
    """As it goes on the wire, sorted by name."""
    body: bytes = b""


_GET = Asked()


def encoded(path: str) -> str:
    """*path* as S3 expects it in a request and in its signature; slashes stay."""
    return "".join(
        chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in path.encode()
    )


def signed(
    path: str,
    headers: Mapping[str, str],
    credentials: Credentials,
    scope: Scope,
    asked: Asked | None = None,
) -> dict[str, str]:
    """
    The headers of a request for *path*, with those that prove who asks.

    Args:
        path: As it goes on the wire, from `encoded`.
        headers: All that are to be sent, names in lower case; `host` among them.
        credentials: Who asks.
        scope: Where and when.
        asked: What else is asked; a GET of the path alone if left out.
    """
    asked = asked or _GET
    digest = hashlib.sha256(asked.body).hexdigest() if asked.body else _NOTHING
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(scope.now))
    sent = {**headers, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    if credentials.token:
        sent["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(sent))
    lines = [f"{name}:{' '.join(sent[name].split())}" for name in sorted(sent)]
    request = [asked.method, path, asked.query, *lines, "", names, digest]
    where = f"{stamp[:8]}/{scope.region}/{scope.service}/aws4_request"
    whole = hashlib.sha256("\n".join(request).encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, where, whole])
    signature = _hmac(_key(credentials, where), text).hex()
    sent["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{where}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return sent


def _key(credentials: Credentials, where: str) -> bytes:
    key = b"AWS4" + credentials.secret_key.encode()
    for part in where.split("/"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
