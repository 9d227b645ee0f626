"""Requests to one registry: who asks, over what, and how often."""

import base64
import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any
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
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_LONGEST_WAIT_S = 30.0

Wait = Callable[[float], None]


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
        wait: Sleeps between attempts [s].
    """

    def __init__(self, host: str, login: Login, *, wait: Wait = time.sleep) -> None:
        scheme = "http" if is_loopback(host) else "https"
        self.host = host
        self.root = f"{scheme}://{host}"
        self._login, self._wait = login, wait
        self._session = requests.Session()
        self._headers: dict[str, str] = {}

    def send(
        self,
        method: str,
        url: str,
        *,
        scope: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | IO[bytes] = b"",
        stream: bool = False,
        attempts: int = ATTEMPTS,
    ) -> requests.Response:
        """
        One answer below 500, after as many attempts as it takes.

        Args:
            method: GET, HEAD, POST, PATCH, PUT.
            url: A path below the registry's root, or a whole address that it gave.
            scope: `repository:NAME:pull,push`: what a token is to allow.
            headers: Beside Authorization.
            body: What is sent; of a file nothing is sent twice: 1 attempt then.
            stream: Whether the caller reads the answer's body in pieces.
            attempts: At most.

        Raises:
            RegistryUnreachableError: Every attempt failed.
            RegistryDeniedError: 401 with the best login that there is.
        """
        return self._persist(
            lambda: self._authorised(method, url, scope, headers or {}, body, stream),
            attempts,
        )

    def _persist(
        self, ask: Callable[[], requests.Response], attempts: int
    ) -> requests.Response:
        why = ""
        for attempt in range(attempts):
            pause = min(0.25 * 2**attempt, _LONGEST_WAIT_S)
            try:
                answer = ask()
            except (requests.ConnectionError, requests.Timeout) as cause:
                why = str(cause)
            else:
                if answer.status_code not in _BUSY:
                    return answer
                why = f"{answer.status_code} {answer.reason}"
                pause = _retry_after(answer, pause)
                answer.close()
            if attempt + 1 < attempts:
                self._wait(pause)
        raise RegistryUnreachableError(self.host, why, attempts=attempts)

    def _authorised(
        self, method: str, url: str, scope: str, headers: Mapping[str, str],
        body: bytes | IO[bytes], stream: bool,
    ) -> requests.Response:  # fmt: skip
        place = urljoin(self.root, url)
        # A given address may lead elsewhere, where our password means nothing.
        ours = urlsplit(place).netloc == urlsplit(self.root).netloc
        start = body.tell() if hasattr(body, "tell") else 0
        for fresh in (False, True):
            header = self._headers.get(scope, "") if ours else ""
            answer = self._once(method, place, header, headers, body, stream)
            if answer.status_code != requests.codes.unauthorized or not ours:
                return answer
            challenge = answer.headers.get("WWW-Authenticate", "")
            answer.close()
            if fresh:
                break
            self._headers[scope] = self._answer(challenge, scope)
            if hasattr(body, "seek"):
                body.seek(start)
        raise RegistryDeniedError(self.host, scope, _denial(challenge))

    def _once(
        self, method: str, url: str, header: str, headers: Mapping[str, str],
        body: bytes | IO[bytes], stream: bool,
    ) -> requests.Response:  # fmt: skip
        self._refuse_plain(url)
        return self._session.request(
            method, url, headers=dict(headers), data=body or None, stream=stream,
            auth=_Header(header), timeout=_TIMEOUT_S,
        )  # fmt: skip

    def _answer(self, challenge: str, scope: str) -> str:
        """The Authorization header that *challenge* asks for."""
        kind, _, rest = challenge.partition(" ")
        who = self._login()
        if isinstance(who, Bearer):
            return f"Bearer {who.token}"
        if kind.lower() == "basic":
            return _basic(who) if who else ""
        return self._token(dict(_CHALLENGE.findall(rest)), who, scope)

    def _token(self, asked: Mapping[str, str], who: Basic | None, scope: str) -> str:
        realm = asked.get("realm", "")
        if not realm:
            raise RegistryDeniedError(self.host, scope, "it does not say how to log in")
        url = urljoin(self.root, realm)
        self._refuse_plain(url)
        query = {"scope": scope} | {k: v for k, v in asked.items() if k == "service"}
        answer = self._session.get(
            url, params=query, auth=_Header(_basic(who) if who else ""),
            timeout=_TIMEOUT_S,
        )  # fmt: skip
        if answer.status_code in _BUSY:
            raise requests.ConnectionError(f"{url}: {answer.status_code}")
        if not answer.ok:
            raise RegistryDeniedError(
                self.host, scope, f"{url} gives no token: {answer.status_code}"
            )
        said: dict[str, Any] = answer.json()
        return f"Bearer {said.get('token') or said.get('access_token')}"

    @staticmethod
    def _refuse_plain(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not is_loopback(parts.netloc):
            raise PlainHttpError(url)


def _basic(who: Basic) -> str:
    pair = base64.b64encode(f"{who.user}:{who.password}".encode()).decode()
    return f"Basic {pair}"


def _denial(challenge: str) -> str:
    said = dict(_CHALLENGE.findall(challenge))
    return said.get("error") or "the login is missing, wrong or too old"


def _retry_after(answer: requests.Response, pause: float) -> float:
    said = answer.headers.get("Retry-After", "")
    return min(float(said), _LONGEST_WAIT_S) if said.isdecimal() else pause


def problem(answer: requests.Response) -> tuple[str, str]:
    """Code and message of a registry's error; empty if it does not say."""
    try:
        errors: Iterable[Mapping[str, Any]] = answer.json()["errors"]
        first = next(iter(errors))
        detail = first.get("detail")
        text = str(first.get("message", "")) + (f" ({detail})" if detail else "")
        return str(first.get("code", "")), text
    except (ValueError, KeyError, TypeError, StopIteration, AttributeError):
        return "", answer.text[:300] if answer.content else str(answer.reason)
