"""Names of images, as people write them."""

import ipaddress
import re
from dataclasses import dataclass

from mlflow_serverless.build.registry.errors import BadReferenceError

_HUB = "registry-1.docker.io"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Reference:
    """`host/repository:tag@digest`; a digest says all, a tag is only a wish."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def wanted(self) -> str:
        """What to ask a registry for."""
        return self.digest or self.tag or "latest"


def parse_reference(text: str) -> Reference:
    """
    Read *text* as engines do: no host means Docker Hub.

    Raises:
        BadReferenceError: It is not a reference.
    """
    name, _, digest = text.partition("@")
    host, slash, rest = name.partition("/")
    if not slash or not _is_host(host):
        host, rest = _HUB, name if slash else f"library/{name}"
    host = _HUB if host == "docker.io" else host
    repository, colon, tag = rest.partition(":")
    if (
        not _HOST.fullmatch(host)
        or not _REPOSITORY.fullmatch(repository)
        or (colon and not _TAG.fullmatch(tag))
        or ("@" in text and not _DIGEST.fullmatch(digest))
    ):
        raise BadReferenceError(text)
    return Reference(host, repository, tag, digest)


def _is_host(text: str) -> bool:
    return "." in text or ":" in text or text == "localhost"


def is_loopback(host: str) -> bool:
    """Whether *host* (`name[:port]`) is this machine itself."""
    name = host.rpartition("]")[0].removeprefix("[") or host.partition(":")[0]
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
