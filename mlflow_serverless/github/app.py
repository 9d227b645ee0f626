"""A GitHub App's installation token, from its private key."""

import base64
import json
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime

from mlflow_serverless.github.client import API, VERSION, send
from mlflow_serverless.github.errors import GitHubDeniedError

_TOKEN = "give the App a token"  # noqa: S105 - words of a message
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
    """

    def __init__(
        self,
        app: str,
        installation: str,
        key: str,
        *,
        api: str = API,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app, self._key = app, key
        self._url = f"{api.rstrip('/')}/app/installations/{installation}/access_tokens"
        self._clock = clock
        self._token, self._until = "", 0.0

    def __call__(self) -> str:
        """
        A token that is good for two minutes at least.

        Raises:
            GitHubDeniedError: GitHub does not know the App, the key, or the
                installation.
        """
        if self._clock() > self._until - _SPARE_S:
            self._renew()
        return self._token

    def _renew(self) -> None:
        request = urllib.request.Request(  # noqa: S310 - the scheme is the user's own API's
            self._url, b"", method="POST",
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._signed()}",
                "User-Agent": "mlflow-serverless",
                "X-GitHub-Api-Version": VERSION,
            },
        )  # fmt: skip
        reply = send(request, 10.0)
        if reply.status != 201:
            raise GitHubDeniedError(_TOKEN, reply.status, reply.said())
        said = json.loads(reply.body)
        self._token = said["token"]
        self._until = datetime.fromisoformat(said["expires_at"]).timestamp()

    def _signed(self) -> str:
        """A JSON web token, signed with RS256, as GitHub asks of Apps."""
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - Apps only
        from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415 - Apps only

        key = serialization.load_pem_private_key(self._key.encode(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise GitHubDeniedError(_TOKEN, 0, f"{type(key).__name__} is no RSA key")
        now = int(self._clock())
        claims = {"iat": now - 60, "exp": now + _LIFE_S, "iss": self._app}
        text = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
        signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_base64(signature)}"


def _part(said: object) -> str:
    return _base64(json.dumps(said, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
