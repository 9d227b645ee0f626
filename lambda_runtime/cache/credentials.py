"""Credentials as Lambda provides them: in the environment, or from its endpoint."""

from __future__ import annotations

from lambda_runtime.cache.http import Address, Connection
from lambda_runtime.cache.sigv4 import Credentials
from lambda_runtime.cache.tier import Miss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambda_runtime.cache.tier import Limit

_LOCAL = {"127.0.0.1", "localhost", "169.254.170.2", "169.254.170.23"}
"""The only hosts that are told the token without TLS, as AWS's SDKs have it."""


def credentials_of(environ: Mapping[str, str], limit: Limit) -> Credentials:
    """
    Who we are.

    Functions get keys in their environment; those restored from a snapshot get an
    endpoint instead, because keys in a snapshot would have expired.

    Raises:
        Miss: There are none, or the endpoint does not give them.
    """
    uri = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    key, secret = (
        environ.get("AWS_ACCESS_KEY_ID", ""),
        environ.get("AWS_SECRET_ACCESS_KEY", ""),
    )
    if key and secret:
        return Credentials(key, secret, environ.get("AWS_SESSION_TOKEN", ""))
    if uri:
        return _from_endpoint(uri, _token(environ), limit)
    raise Miss(
        "no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; "
        "in Lambda, the function's role provides them"
    )


def _token(environ: Mapping[str, str]) -> str:
    path = environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "")
    if path:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    return environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")


def _from_endpoint(uri: str, token: str, limit: Limit) -> Credentials:
    import json  # noqa: PLC0415 - only environments restored from a snapshot

    address, path = address_of(uri)
    if not address.tls and address.host not in _LOCAL:
        raise Miss(f"credentials endpoint {address.host} is neither local nor TLS")
    connection = Connection(address, limit, 2.0)
    try:
        headers = {"host": f"{address.host}:{address.port}"}
        if token:
            headers["authorization"] = token
        status = connection.ask(path or "/", headers).status
        body = connection.text()
    finally:
        connection.close()
    if status != 200:
        raise Miss(f"the credentials endpoint answered {status}")
    try:
        data = json.loads(body)
        return Credentials(
            data["AccessKeyId"], data["SecretAccessKey"], data.get("Token", "")
        )
    except (ValueError, KeyError, TypeError):
        raise Miss("the credentials endpoint's answer has no keys") from None


def address_of(url: str) -> tuple[Address, str]:
    """Server and path of an `http` or `https` URL; Miss if it is neither."""
    scheme, _, rest = url.partition("://")
    if scheme not in {"http", "https"} or not rest:
        raise Miss(f"not an http or https address: {url!r}")
    netloc, slash, path = rest.partition("/")
    host, _, port = netloc.partition(":")
    if netloc.startswith("["):
        host, _, port = netloc[1:].partition("]")
        port = port.lstrip(":")
    if port and not port.isdigit():
        raise Miss(f"a port that is no number: {url!r}")
    tls = scheme == "https"
    return Address(host, int(port or (443 if tls else 80)), tls), slash + path
