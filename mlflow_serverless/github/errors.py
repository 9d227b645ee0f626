"""What GitHub's API can refuse."""

from mlflow_serverless.errors import Kind, ServerlessError


class GitHubDeniedError(ServerlessError):
    """The token is not good for this."""

    code = "github-denied"
    kind = Kind.DENIED

    def __init__(self, what: str, status: int, said: str, *, hint: str) -> None:
        super().__init__(f"GitHub refuses to {what}: {status} {said}.", hint=hint)


class AppKeyError(ServerlessError):
    """The App's key is none, so that nobody need be asked."""

    code = "github-app-key"
    kind = Kind.BAD_INPUT

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the GitHub App's private key is no RSA key in PEM form ({found}).",
            hint="the secret holds the whole .pem file that GitHub gave, with its "
            "first and last line.",
        )


class NotApprovedError(ServerlessError):
    """Nobody has let the run into an environment that asks for it."""

    code = "not-approved"
    kind = Kind.REFUSED

    def __init__(self, environment: str, run: str) -> None:
        super().__init__(
            f"nobody has approved run {run} for {environment} on GitHub.",
            hint=f"give the job `environment: {environment}`, and that environment "
            "required reviewers (Settings, Environments).",
        )


class NoRunError(ServerlessError):
    """Reviewers are asked for where no run is that they could have reviewed."""

    code = "no-github-run"
    kind = Kind.BAD_INPUT

    def __init__(self, environment: str) -> None:
        super().__init__(
            f"--approved-by {environment}=@reviewers is for jobs of GitHub Actions: "
            "GITHUB_REPOSITORY, GITHUB_RUN_ID and GITHUB_TOKEN must be set.",
            hint=f"elsewhere say who: --approved-by {environment}=WHO.",
        )


class GitHubMissingError(ServerlessError):
    """There is no such repository, or the token may not know of it."""

    code = "github-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, what: str, said: str, *, hint: str) -> None:
        super().__init__(f"GitHub cannot {what}: 404 {said}.", hint=hint)


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
