"""Signatures (SigV4), computed anew as AWS does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.credentials import Credentials


class Signatures:
    """
    Those of one account's only user.

    Args:
        keys: Access key and secret.
        region: For which requests are to be signed.
    """

    def __init__(self, keys: Credentials, region: str) -> None:
        self._keys, self._region = keys, region

    def right(
        self, environ: Mapping[str, Any], url: str, body: bytes, service: str
    ) -> bool:
        """Whether a request for *url* was signed for *service*, by this user."""
        given = environ.get("HTTP_AUTHORIZATION", "")
        at = environ.get("HTTP_X_AMZ_DATE")
        if not at or f"/{self._region}/{service}/aws4_request" not in given:
            return False
        request = AWSRequest(
            environ["REQUEST_METHOD"], url, data=body,
            headers={"Content-Type": environ["CONTENT_TYPE"], "X-Amz-Date": at},
        )  # fmt: skip
        request.context["timestamp"] = at
        signer = SigV4Auth(self._keys, service, self._region)
        canonical = signer.canonical_request(request)
        expected = signer.signature(signer.string_to_sign(request, canonical), request)
        return bool(given.endswith(f"Signature={expected}"))
