"""What GitHub's API can refuse."""

from mlflow_serverless.errors import Kind, ServerlessError


class GitHubDeniedError(ServerlessError):
    """The token is not good for this."""

    code = "github-denied"
    kind = Kind.DENIED

    def __init__(self, what: str, status: int, said: str) -> None:
        super().__init__(
            f"GitHub refuses to {what}: {status} {said}.",
            hint="the token needs Contents: write to dispatch, Pull requests: write to "
            "comment, on this repository, and must not have expired.",
        )


class GitHubMissingError(ServerlessError):
    """There is no such repository, or the token may not know of it."""

    code = "github-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, what: str, said: str) -> None:
        super().__init__(
            f"GitHub cannot {what}: 404 {said}.",
            hint="check OWNER/NAME; a token that may not see it gets the same answer.",
        )


class GitHubRefusedError(ServerlessError):
    """GitHub does not accept what was sent."""

    code = "github-refused"
    kind = Kind.BAD_INPUT

    def __init__(self, what: str, status: int, said: str) -> None:
        super().__init__(f"GitHub cannot {what}: {status} {said}.")


class GitHubUnavailableError(ServerlessError):
    """GitHub did not answer in time, or asks to wait for longer than we may."""

    code = "github-unavailable"
    kind = Kind.UNAVAILABLE

    def __init__(self, what: str, why: str, tries: int) -> None:
        count = "one try" if tries == 1 else f"{tries} tries"
        super().__init__(
            f"GitHub could not {what} after {count}: {why}.",
            hint="try again later; a scheduled reconcile finds what was missed.",
        )


class BadActionInputError(ServerlessError):
    """An action was given what it does not take."""

    code = "bad-action-input"
    kind = Kind.BAD_INPUT

    def __init__(self, action: str, key: str, what: str) -> None:
        super().__init__(
            f"{action}: input {key} {what}.",
            hint=f"github-actions/{action}/action.yml says what it takes.",
        )
