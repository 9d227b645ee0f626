"""Where AWS's services are asked: by region, or as the environment says."""

from __future__ import annotations

from lambda_runtime.cache.credentials import address_of
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambda_runtime.cache.http import Address

_SUFFIXES = (
    ("cn-", "amazonaws.com.cn"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("us-iso-", "c2s.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("eusc-", "amazonaws.eu"),
)
"""Domains of partitions other than the common one (GovCloud shares that)."""


class Override(NamedTuple):
    """An endpoint that was named instead of AWS's own."""

    address: Address
    host: str
    """The `host` header."""
    path: str
    """What comes before every request's path; no slash at its end."""


def override_of(environ: Mapping[str, str], service: str) -> Override | None:
    """
    The endpoint that the environment names for *service* (`S3`, `LAMBDA`), if any.

    Raises:
        Miss: It names something that is no address.
    """
    url = environ.get(f"AWS_ENDPOINT_URL_{service}") or environ.get("AWS_ENDPOINT_URL")
    ignored = environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"
    if not url or ignored:
        return None
    address, path = address_of(url)
    host = f"[{address.host}]" if ":" in address.host else address.host
    if address.port != (443 if address.tls else 80):
        host = f"{host}:{address.port}"
    return Override(address, host, path.rstrip("/"))


def suffix_of(region: str) -> str:
    """The domain that *region*'s services are under."""
    return next(
        (suffix for start, suffix in _SUFFIXES if region.startswith(start)),
        "amazonaws.com",
    )
