"""Those who issue tokens, and the look that an authoriser takes at a token."""

from __future__ import annotations

import time
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

ALGORITHM = "RS256"


class Issuer:
    """
    Somebody whose tokens can be told from everybody else's.

    Args:
        url: What its tokens say as `iss`.
    """

    def __init__(self, url: str) -> None:
        self.url, self._key = url, RSAKey.generate_key(2048)

    def token(self, **claims: Any) -> str:
        """A signed token; it expires in an hour unless *claims* say otherwise."""
        said = {"iss": self.url, "exp": int(time.time()) + 3600, **claims}
        return jwt.encode({"alg": ALGORITHM}, said, self._key)

    def read(self, token: str) -> dict[str, Any] | None:
        """Its claims; None if we did not sign it."""
        try:
            return dict(jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims)
        except (JoseError, ValueError):
            return None


def scopes_of(claims: dict[str, Any]) -> frozenset[str]:
    """What a token may be used for."""
    return frozenset(str(claims.get("scope", claims.get("scp", ""))).split())


def accepted(claims: dict[str, Any], url: str, audience: list[str]) -> bool:
    """
    Whether an HTTP API's authoriser takes a token of these claims.

    Source: API Gateway developer guide, "Control access to HTTP APIs with JWT
    authorizers": iss, aud or (without aud) client_id, exp, nbf, iat.
    """
    now, meant = time.time(), claims.get("aud", claims.get("client_id"))
    named = meant if isinstance(meant, list) else [meant]
    return (
        claims.get("iss") == url
        and bool({*named} & {*audience})
        and claims.get("exp", 0) > now
        and claims.get("nbf", 0) <= now
        and claims.get("iat", 0) <= now
    )
