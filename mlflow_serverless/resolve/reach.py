"""Whether a store can be reached, and what its refusals mean."""

import errno
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from mlflow.exceptions import MlflowException

from mlflow_serverless.resolve.errors import (
    RegistryDeniedError,
    RegistryUnreachableError,
)

_CONNECT_SECONDS = 5.0
_MISSING = {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}
_DENIED = {"PERMISSION_DENIED", "UNAUTHENTICATED"}


def shown(uri: str) -> str:
    """*uri* without user, password and query, fit for a message."""
    parts = urlsplit(uri)
    if "@" not in parts.netloc and not parts.query:
        return uri
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def knock(uri: str) -> None:
    """
    Fail at once where nobody listens; MLflow itself tries again for minutes.

    Behind a proxy the connection is the proxy's to make, so nothing is checked.

    Raises:
        RegistryUnreachableError: An http(s) store refuses connections.
    """
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return
    proxied = parts.scheme in urllib.request.getproxies()
    if proxied and not urllib.request.proxy_bypass(parts.hostname):
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), _CONNECT_SECONDS).close()
    except OSError as cause:
        why = f"{cause.strerror or cause}."
        raise RegistryUnreachableError(shown(uri), why) from cause


def is_missing(cause: MlflowException) -> bool:
    """Whether the store said that there is no such thing."""
    text = str(cause.message)
    unknown_alias = "alias" in text and text.rstrip(".").endswith("not found")
    return cause.error_code in _MISSING or unknown_alias


@contextmanager
def explained(store: str) -> Iterator[None]:
    """
    Say whose fault it is when *store* fails inside.

    Raises:
        RegistryDeniedError: Credentials or permissions.
        RegistryUnreachableError: Anything else that the store did wrong.
    """
    try:
        yield
    except MlflowException as cause:
        text = " ".join(str(cause.message).split())
        denied = cause.error_code in _DENIED or " 401" in text or " 403" in text
        error = RegistryDeniedError if denied else RegistryUnreachableError
        raise error(store, text) from cause
    except OSError as cause:
        if cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise  # this machine's disk, not the store
        raise RegistryUnreachableError(store, str(cause)) from cause
