"""GitHub's REST API, as far as we need it; Python's own library only."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Any, NamedTuple

from mlflow_serverless.github.errors import (
    GitHubDeniedError,
    GitHubMissingError,
    GitHubRefusedError,
    GitHubUnavailableError,
)

API = "https://api.github.com"
VERSION = "2022-11-28"

Token = Callable[[], str]
"""Gives a token that is good now."""


class Reply(NamedTuple):
    """What GitHub answered; status 0 if it did not."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    why: str = ""
    """Why there was no answer."""

    def said(self) -> str:
        """GitHub's own message."""
        try:
            return str(json.loads(self.body)["message"])[:200]
        except (ValueError, KeyError, TypeError):
            return self.body[:200].decode(errors="replace") or self.why


class Patience(NamedTuple):
    """How long to go on trying."""

    deadline_s: float = 20.0
    """For one call with all its tries [s]."""
    timeout_s: float = 10.0
    """For one try [s]."""
    pause_s: float = 0.5
    """Before the second try [s]; it doubles."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class GitHub:
    """
    One repository.

    Args:
        repository: `OWNER/NAME`.
        token: Gives a token when asked.
        api: Of GitHub Enterprise Server, `https://HOST/api/v3`.
        patience: How long to go on trying.
    """

    def __init__(
        self,
        repository: str,
        token: Token,
        *,
        api: str = API,
        patience: Patience | None = None,
    ) -> None:
        self._root = f"{api.rstrip('/')}/repos/{repository}"
        self._token = token
        self._patience = patience or Patience()
        self._repository = repository

    def dispatch(self, event_type: str, payload: Mapping[str, object]) -> None:
        """
        Fire a `repository_dispatch`; *payload* has at most ten keys.

        Raises:
            ServerlessError: GitHub refused it, or did not answer in time.
        """
        what = f"dispatch {event_type} to {self._repository}"
        body = {"event_type": event_type, "client_payload": dict(payload)}
        self.call("POST", "/dispatches", body, what)

    def comment(self, issue: int, marker: str, markdown: str) -> str:
        """
        Put *markdown* under a pull request or issue, over our last comment there.

        Args:
            issue: Its number.
            marker: What our comment is known by; it is not shown.
            markdown: The text.

        Returns:
            The comment's URL.

        Raises:
            ServerlessError: GitHub refused it, or did not answer in time.
        """
        hidden = f"<!-- {marker} -->"
        body = {"body": f"{hidden}\n{markdown}"}
        what = f"comment on #{issue} of {self._repository}"
        for page in range(1, 31):
            path = f"/issues/{issue}/comments?per_page=100&page={page}"
            found = self.call("GET", path, None, what)
            for each in found:
                if str(each.get("body", "")).startswith(hidden):
                    number = int(each["id"])
                    path = f"/issues/comments/{number}"
                    return str(self.call("PATCH", path, body, what)["html_url"])
            if len(found) < 100:
                break
        made = self.call("POST", f"/issues/{issue}/comments", body, what)
        return str(made["html_url"])

    def call(self, method: str, path: str, body: object, what: str) -> Any:
        """
        Ask GitHub, again while that may help and there is time.

        Raises:
            ServerlessError: GitHub refused it, or did not answer in time.
        """
        patience = self._patience
        ends, pause, tries = patience.clock() + patience.deadline_s, patience.pause_s, 0
        while True:
            left = ends - patience.clock()
            reply = self._asked(method, path, body, min(patience.timeout_s, left))
            tries += 1
            if 200 <= reply.status < 300:
                return json.loads(reply.body) if reply.body else None
            wait = _wait(reply, pause)
            if wait is None:
                raise _refused(what, reply)
            if patience.clock() + wait >= ends:
                why = f"{reply.status or 'no answer'} {reply.said()}".strip()
                raise GitHubUnavailableError(what, why, tries)
            patience.sleep(wait)
            pause *= 2

    def _asked(self, method: str, path: str, body: object, timeout: float) -> Reply:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the scheme is the user's own API's
            f"{self._root}{path}", data, method=method,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._token()}",
                "Content-Type": "application/json",
                "User-Agent": "mlflow-serverless",
                "X-GitHub-Api-Version": VERSION,
            },
        )  # fmt: skip
        return send(request, timeout)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a token goes to nobody but the host it was meant for."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay)


def send(request: urllib.request.Request, timeout: float) -> Reply:
    """Send *request*; what went wrong on the way is a reply, too."""
    try:
        with _OPENER.open(request, timeout=max(timeout, 0.1)) as found:
            return Reply(found.status, _lower(found.headers), found.read())
    except urllib.error.HTTPError as found:
        with found:
            return Reply(found.code, _lower(found.headers), found.read())
    except (OSError, ValueError) as cause:
        return Reply(0, {}, b"", str(getattr(cause, "reason", cause)))


def _lower(headers: Message) -> dict[str, str]:
    return {key.lower(): value for key, value in headers.items()}


def _wait(reply: Reply, pause: float) -> float | None:
    """How long to wait before another try [s]; None if none would help."""
    if reply.status == 0 or reply.status >= 500:
        return _asked_to_wait(reply, pause)
    limited = reply.status == 429 or (
        reply.status == 403
        and ("retry-after" in reply.headers
             or reply.headers.get("x-ratelimit-remaining") == "0"
             or "rate limit" in reply.said().lower())
    )  # fmt: skip
    return _asked_to_wait(reply, max(pause, 1.0)) if limited else None


def _asked_to_wait(reply: Reply, pause: float) -> float:
    """What `Retry-After` or the limit's reset ask for, and at least *pause* [s]."""
    after = reply.headers.get("retry-after", "")
    if after.isdigit():
        return max(float(after), pause)
    reset = reply.headers.get("x-ratelimit-reset", "")
    if reply.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(float(reset) - time.time(), pause)
    return pause


def _refused(what: str, reply: Reply) -> Exception:
    if reply.status in {401, 403}:
        return GitHubDeniedError(what, reply.status, reply.said())
    if reply.status == 404:
        return GitHubMissingError(what, reply.said())
    return GitHubRefusedError(what, reply.status, reply.said())
