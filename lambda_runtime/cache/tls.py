"""TLS as a client, with the system's certificate authorities and without `ssl`.

`ssl` costs 40 ms at a cold start, `_ssl` three, and only where an endpoint is not
plain.
"""

from __future__ import annotations

import _ssl
import os

from lambda_runtime.cache.tier import Miss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CA_FOLDERS = (
    "/etc/ssl/certs",  # Debian
    "/etc/pki/ca-trust/extracted/pem/directory-hash",  # newer Fedora kin
)
"""Folders by hash of name: only the authority that is met is read, in no time."""
_CA_FILES = (
    "/etc/pki/tls/certs/ca-bundle.crt",  # Amazon Linux
    "/etc/ssl/certs/ca-certificates.crt",  # Debian
    "/etc/ssl/cert.pem",  # Alpine
)
"""All authorities in one file: 25 ms to read."""

_TRUSTED: dict[str, Any] = {}


def trust() -> Any:
    """
    A TLS client context that verifies chains and names against the system's CAs.

    `AWS_CA_BUNDLE` or `SSL_CERT_FILE` name a file to trust instead.
    """
    file = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or ""
    if file not in _TRUSTED:
        context = _ssl._SSLContext(_ssl.PROTOCOL_TLS_CLIENT)  # noqa: SLF001
        context.minimum_version = _ssl.PROTO_TLSv1_2
        try:
            context.load_verify_locations(*((file, None) if file else _system()), None)
        except OSError as cause:
            raise Miss(f"no certificate authorities in {file}: {cause}") from None
        _TRUSTED[file] = context
    return _TRUSTED[file]


def _system() -> tuple[str | None, str | None]:
    """File or folder of the image's own authorities."""
    for folder in _CA_FOLDERS:
        if os.path.isdir(folder) and any(".0" in name for name in os.listdir(folder)):
            return None, folder
    for path in _CA_FILES:
        if os.path.exists(path):
            return path, None
    raise Miss("no certificate authorities in this image: set AWS_CA_BUNDLE")


def nothing_yet() -> type[OSError]:
    """What reading raises on a connection that has nothing to read now."""
    return _ssl.SSLWantReadError
