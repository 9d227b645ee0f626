"""Requests to one registry: who asks, over what, and how often."""

import base64
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase

from mlflow_serverless.build.registry.errors import (
    PlainHttpError,
    RegistryDeniedError,
    RegistryUnreachableError,
)
from mlflow_serverless.build.registry.login import Basic, Bearer, Login
from mlflow_serverless.build.registry.reference import is_loopback

ATTEMPTS = 5
_TIMEOUT_S = (10.0, 120.0)
"""To connect, and between two bytes [s]."""
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_SAID = re.compile(r'(\w+)="([^"]*)"')
_LONGEST_WAIT_S = 30.0

Wait = Callable[[float], None]
"""Sleeps [s]."""


class Body(Protocol):
    """What can be sent more than once."""

    def __len__(self) -> int:
        """Bytes that will be sent."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, in pieces; every iteration begins anew."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request."""

    method: str
    url: str
    """A path below the registry's root, or a whole address that it gave."""
    scope: str
    """`repository:NAME:pull,push`: what a token is to allow."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Body = b""
    stream: bool = False
    """Whether the caller reads the answer's body in pieces."""


class _Header(AuthBase):
    """Exactly this Authorization; in its place requests would ask ~/.netrc."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value:
            request.headers["Authorization"] = self._value
        return request


class Transport:
    """
    Sends requests to *host*.

    Args:
        host: `name[:port]`; loopback speaks plain HTTP, all else HTTPS, verified.
        login: Who asks.
        wait: Sleeps between attempts.
    """

    def __init__(self, host: str, login: Login, *, wait: Wait = time.sleep) -> None:
        scheme = "http" if is_loopback(host) else "https"
        self.host = host
        self.wait = wait
        self._root = f"{scheme}://{host}"
        self._login = login
        self._session = requests.Session()
        # A proxy has no business between this machine and itself.
        self._session.trust_env = not is_loopback(host)
        self._common = ""
        """What opens every repository; tokens open what they were asked for."""
        self._tokens: dict[str, str] = {}

    def send(self, ask: Ask, *, attempts: int = ATTEMPTS) -> requests.Response:
        """
        An answer that is not "later", after as many attempts as it takes.

        Raises:
            RegistryUnreachableError: Every attempt failed.
            RegistryDeniedError: 401 with the best login that there is.
            PlainHttpError: The registry leads us out of TLS.
        """
        why = ""
        for attempt in range(attempts):
            pause = min(0.25 * 2**attempt, _LONGEST_WAIT_S)
            try:
                answer = self._authorised(ask)
            except requests.RequestException as cause:
                why = str(cause)
            else:
                if answer.status_code not in _BUSY:
                    return answer
                why = f"{answer.status_code} {answer.reason}"
                pause = _retry_after(answer, pause)
                answer.close()
            if attempt + 1 < attempts:
                self.wait(pause)
        raise RegistryUnreachableError(self.host, why, attempts=attempts)

    def _authorised(self, ask: Ask) -> requests.Response:
        url = urljoin(self._root, ask.url)
        # A given address may lead elsewhere, where our password means nothing.
        if urlsplit(url).netloc != urlsplit(self._root).netloc:
            return self._once(ask, url, "")
        answer = self._once(ask, url, self._tokens.get(ask.scope, self._common))
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            challenge = answer.headers.get("WWW-Authenticate", "")
            answer.close()
            answer = self._once(ask, url, self._answer(challenge, ask.scope))
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            said = dict(_SAID.findall(answer.headers.get("WWW-Authenticate", "")))
            why = said.get("error") or "the login is missing, wrong or too old"
            raise RegistryDeniedError(self.host, ask.scope, why)
        return answer

    def _once(self, ask: Ask, url: str, header: str) -> requests.Response:
        _refuse_plain(url)
        headers = dict(ask.headers)
        data: Any = ask.body or None
        if not ask.body and ask.method in {"POST", "PUT"}:
            headers["Content-Length"] = "0"
        return self._session.request(
            ask.method, url, headers=headers, data=data, stream=ask.stream,
            auth=_Header(header), timeout=_TIMEOUT_S,
        )  # fmt: skip

    def _answer(self, challenge: str, scope: str) -> str:
        """The Authorization header that *challenge* asks for."""
        kind, _, rest = challenge.partition(" ")
        who = self._login()
        if isinstance(who, Bearer):
            self._common = f"Bearer {who.token}"
            return self._common
        if kind.lower() == "basic":
            self._common = _basic(who)
            return self._common
        self._tokens[scope] = self._token(dict(_SAID.findall(rest)), who, scope)
        return self._tokens[scope]

    def _token(self, asked: Mapping[str, str], who: Basic | None, scope: str) -> str:
        if "realm" not in asked:
            raise RegistryDeniedError(self.host, scope, "it does not say how to log in")
        url = urljoin(self._root, asked["realm"])
        _refuse_plain(url)
        query = {"scope": scope.split()} | {
            name: [value] for name, value in asked.items() if name == "service"
        }
        answer = self._session.get(
            url, params=query, auth=_Header(_basic(who)), timeout=_TIMEOUT_S
        )
        if answer.status_code in _BUSY:
            why = f"{url} answers {answer.status_code}"
            raise requests.ConnectionError(why)
        if not answer.ok:
            why = f"{url} gives no token: {answer.status_code}"
            raise RegistryDeniedError(self.host, scope, why)
        said: Mapping[str, Any] = answer.json()
        return f"Bearer {said.get('token') or said.get('access_token')}"


def _refuse_plain(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.netloc):
        raise PlainHttpError(url)


def _basic(who: Basic | None) -> str:
    if who is None:
        return ""
    pair = base64.b64encode(f"{who.user}:{who.password}".encode()).decode()
    return f"Basic {pair}"


def _retry_after(answer: requests.Response, pause: float) -> float:
    said = answer.headers.get("Retry-After", "")
    return min(float(said), _LONGEST_WAIT_S) if said.isdecimal() else pause
