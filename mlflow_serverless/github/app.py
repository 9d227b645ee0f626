"""A GitHub App's installation token, from its private key."""

import base64
import json
import time
from collections.abc import Callable
from datetime import datetime

from mlflow_serverless.github.api import (
    API,
    Patience,
    Purpose,
    Reply,
    answer,
    send,
    to_api,
)
from mlflow_serverless.github.errors import AppKeyError

_TOKEN = Purpose(
    what="give the App a token",
    needs="the App's client id, the installation's number and the private key must "
    "belong together, and the key must not be revoked.",
    check="check the installation's number: Settings, GitHub Apps, Configure; it ends "
    "that page's address.",
)
_PATIENCE = Patience(deadline_s=8.0, timeout_s=4.0)
"""Of what comes before a call that has its own: together they end in time for those
who wait for half a minute, as Lambda and MLflow do."""
_LIFE_S = 540
"""Of the App's own token [s]; GitHub takes at most 600."""
_SPARE_S = 120
"""A token is renewed this long before it expires [s]."""


class AppToken:
    """
    Gives installation tokens, each as long as it is good.

    Args:
        app: The App's client id or number.
        installation: Number of its installation on the repository.
        key: Its private key, PEM.
        api: Of GitHub Enterprise Server.
        clock: Unix time [s].
        patience: How long to go on trying.
    """

    def __init__(  # noqa: PLR0913 - three of GitHub's, three of ours
        self,
        app: str,
        installation: str,
        key: str,
        *,
        api: str = API,
        clock: Callable[[], float] = time.time,
        patience: Patience | None = None,
    ) -> None:
        self._app, self._key = app, key
        self._url = f"{api.rstrip('/')}/app/installations/{installation}/access_tokens"
        self._clock = clock
        self._patience = patience or _PATIENCE
        self._token, self._until = "", 0.0

    def __call__(self) -> str:
        """
        A token that is good for two minutes at least.

        Raises:
            ServerlessError: GitHub does not know the App, the key or the installation,
                or did not answer in time.
        """
        if self._clock() > self._until - _SPARE_S:
            self._renew()
        return self._token

    def _renew(self) -> None:
        def asked(timeout: float) -> Reply:
            return send(to_api("POST", self._url, self._signed(), b""), timeout)

        said = answer(asked, _TOKEN, self._patience)
        self._token = said["token"]
        self._until = datetime.fromisoformat(said["expires_at"]).timestamp()

    def _signed(self) -> str:
        """A JSON web token, signed with RS256, as GitHub asks of Apps."""
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - Apps only
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - Apps only
        from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415 - Apps only

        try:
            key = serialization.load_pem_private_key(self._key.encode(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as cause:
            raise AppKeyError(type(cause).__name__) from cause
        if not isinstance(key, rsa.RSAPrivateKey):
            raise AppKeyError(type(key).__name__)
        now = int(self._clock())
        claims = {"iat": now - 60, "exp": now + _LIFE_S, "iss": self._app}
        text = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
        signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_base64(signature)}"


def _part(said: object) -> str:
    return _base64(json.dumps(said, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
