"""GitHub's REST API, one call with its tries; Python's own library only."""

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


class Purpose(NamedTuple):
    """What GitHub is asked for, in words for whoever reads its refusal."""

    what: str
    """As in "GitHub cannot ...": `dispatch it to acme/models`."""
    needs: str
    """What to check where it is denied."""
    check: str
    """What to check where it is not found."""


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


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a token goes to nobody but the host it was meant for."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay)


def to_api(
    method: str, url: str, token: str, data: bytes | None
) -> urllib.request.Request:
    """A call of GitHub's API as it wants it: JSON both ways, of one version."""
    return urllib.request.Request(  # noqa: S310 - the scheme is the user's own API's
        url, data, method=method,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": "mlflow-serverless",
            "X-GitHub-Api-Version": VERSION,
        },
    )  # fmt: skip


def answer(ask: Callable[[float], Reply], purpose: Purpose, patience: Patience) -> Any:
    """
    What GitHub answers, asked again while that may help and there is time.

    Args:
        ask: Asks once, for so long at most [s].
        purpose: What for.
        patience: How long to go on trying.

    Raises:
        ServerlessError: GitHub refused it, or did not answer in time.
    """
    ends, pause, tries = patience.clock() + patience.deadline_s, patience.pause_s, 0
    while True:
        left = ends - patience.clock()
        reply = ask(min(patience.timeout_s, left))
        tries += 1
        if 200 <= reply.status < 300:
            return json.loads(reply.body) if reply.body else None
        wait = _wait(reply, pause)
        if wait is None:
            raise _refused(purpose, reply)
        if patience.clock() + wait >= ends:
            why = f"{reply.status or 'no answer'} {reply.said()}".strip()
            asks = f"; it asks to wait {wait:,.0f} s" if wait > pause + 1 else ""
            raise GitHubUnavailableError(purpose.what, f"{why}{asks}", tries)
        patience.sleep(wait)
        pause *= 2


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


def _refused(purpose: Purpose, reply: Reply) -> Exception:
    what, said = purpose.what, reply.said()
    if reply.status in {401, 403}:
        return GitHubDeniedError(what, reply.status, said, hint=purpose.needs)
    if reply.status == 404:
        return GitHubMissingError(what, said, hint=purpose.check)
    return GitHubRefusedError(what, reply.status, said)
