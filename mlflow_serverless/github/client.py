"""GitHub as far as we need it: dispatches, comments, reviews."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from mlflow_serverless.github.api import (
    API,
    Patience,
    Purpose,
    Reply,
    answer,
    send,
    to_api,
)

_OURS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""Whose comments may be ours, if no bot's: people's tokens comment as them."""

Token = Callable[[], str]
"""Gives a token that is good now."""


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
        purpose = self._purpose(f"dispatch {event_type} to", "Contents: write")
        body = {"event_type": event_type, "client_payload": dict(payload)}
        self.call("POST", "/dispatches", body, purpose)

    def approvers(self, run: str, environment: str) -> tuple[str, ...]:
        """
        Logins of those who let the run *run* into *environment*, as its rules ask.

        Raises:
            ServerlessError: GitHub refused it, or did not answer in time.
        """
        purpose = self._purpose(f"show who approved run {run} of", "Actions: read")
        found = self.call("GET", f"/actions/runs/{run}/approvals", None, purpose)
        return tuple(
            str(review["user"]["login"])
            for review in found
            if review.get("state") == "approved"
            and any(each["name"] == environment for each in review["environments"])
        )

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
        purpose = self._purpose(f"comment on #{issue} of", "Pull requests: write")
        for page in range(1, 31):
            path = f"/issues/{issue}/comments?per_page=100&page={page}"
            found = self.call("GET", path, None, purpose)
            for each in found:
                if _is_ours(each, hidden):
                    number = int(each["id"])
                    path = f"/issues/comments/{number}"
                    made = self.call("PATCH", path, body, purpose)
                    return str(made["html_url"])
            if len(found) < 100:
                break
        made = self.call("POST", f"/issues/{issue}/comments", body, purpose)
        return str(made["html_url"])

    def _purpose(self, what: str, right: str) -> Purpose:
        return Purpose(
            what=f"{what} {self._repository}",
            needs=f"the token needs {right} on that repository, and must not have "
            "expired.",
            check="check OWNER/NAME; a token that may not see it gets the same answer.",
        )

    def call(self, method: str, path: str, body: object, purpose: Purpose) -> Any:
        """
        Ask GitHub, again while that may help and there is time.

        Raises:
            ServerlessError: GitHub refused it, or did not answer in time.
        """
        data = None if body is None else json.dumps(body).encode()

        def asked(timeout: float) -> Reply:
            url, token = f"{self._root}{path}", self._token()
            return send(to_api(method, url, token, data), timeout)

        return answer(asked, purpose, self._patience)


def of_run(environ: Mapping[str, str]) -> GitHub | None:
    """The repository whose workflow runs this; None where no workflow does."""
    token, repository = environ.get("GITHUB_TOKEN"), environ.get("GITHUB_REPOSITORY")
    if not (token and repository):
        return None
    return GitHub(repository, lambda: token, api=environ.get("GITHUB_API_URL", API))


def _is_ours(comment: Mapping[str, Any], hidden: str) -> bool:
    """
    Whether it is our last page, and not one that an outsider made to look like it.

    Who wrote a comment may change it afterwards, so that a plan put into theirs would
    say what they like.
    """
    author = comment.get("user") or {}
    trusted = author.get("type") == "Bot" or comment.get("author_association") in _OURS
    return trusted and str(comment.get("body", "")).startswith(hidden)
