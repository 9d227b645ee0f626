"""Whether a delivery is the registry's, and new enough; Python's own library only.

MLflow signs `ID.TIMESTAMP.BODY` with HMAC-SHA256 over the raw bytes and the secret as
it is (not decoded), and sends `v1,BASE64`. A delivery that is sent again keeps its id,
its timestamp and its signature, for up to about three minutes.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import NamedTuple

ID = "x-mlflow-delivery-id"
TIMESTAMP = "x-mlflow-timestamp"
SIGNATURE = "x-mlflow-signature"
DATABRICKS = "x-databricks-signature"

WINDOW_S = 300
"""How far a timestamp may be from our clock, either way [s]: MLflow's retries of one
delivery end within three minutes."""

_ID_CHARS = 200


class Delivery(NamedTuple):
    """A delivery that is the registry's."""

    id: str


class Refusal(NamedTuple):
    """Why a delivery is not taken, as an HTTP status and words."""

    status: int
    why: str


def check(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    *,
    now: float,
    databricks: bool = False,
) -> Delivery | Refusal:
    """
    Decide whether a delivery is genuine; in time that does not depend on the secret.

    Args:
        headers: Names in lower case.
        body: As it came, byte by byte.
        secrets: Any of them will do, so that they can be changed without a gap.
        now: Unix time [s].
        databricks: Whether Databricks' signature is taken, too. It covers the body
            alone, so that only the same body tells a replay.
    """
    if databricks and DATABRICKS in headers:
        return _databricks(headers[DATABRICKS], body, secrets)
    delivery, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not (delivery and stamp and headers.get(SIGNATURE)):
        return Refusal(401, "not signed")
    plain = delivery.isascii() and stamp.isascii() and stamp.isdigit()
    if len(delivery) > _ID_CHARS or not plain:
        return Refusal(401, "malformed delivery id or timestamp")
    if not _signed(headers[SIGNATURE], delivery, stamp, body, secrets):
        return Refusal(401, "wrong signature")
    if abs(now - int(stamp)) > WINDOW_S:
        return Refusal(401, "timestamp outside the window")
    return Delivery(delivery)


def sign(secret: str, delivery: str, stamp: str, body: bytes) -> str:
    """The signature that MLflow would send."""
    text = f"{delivery}.{stamp}.".encode() + body
    digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _signed(
    given: str, delivery: str, stamp: str, body: bytes, secrets: Sequence[str]
) -> bool:
    found = False
    for secret in secrets:
        right = sign(secret, delivery, stamp, body).encode()
        for one in given.split():
            found |= hmac.compare_digest(right, one.encode(errors="replace"))
    return found


def _databricks(given: str, body: bytes, secrets: Sequence[str]) -> Delivery | Refusal:
    found = False
    for secret in secrets:
        right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
        found |= hmac.compare_digest(
            right, given.strip().lower().encode(errors="replace")
        )
    if not found:
        return Refusal(401, "wrong signature")
    return Delivery(f"databricks-{hashlib.sha256(body).hexdigest()}")
