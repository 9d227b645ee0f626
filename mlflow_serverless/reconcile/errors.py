"""What can be wrong with a policy, and with a pass over it."""

from collections.abc import Sequence
from pathlib import Path

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.wording import listed, meant


class PolicyMissingError(ServerlessError):
    """There is no policy file to read."""

    code = "policy-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(
            f"the policy {file} cannot be read: {why}.",
            hint="name another: validate FILE, reconcile --policy FILE; "
            "docs/reconcile.md has one to start from.",
        )


class PolicyError(ServerlessError):
    """Every mistake in one policy, each with its line."""

    code = "bad-policy"
    kind = Kind.BAD_INPUT

    def __init__(self, file: Path, mistakes: Sequence[str]) -> None:
        count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        lines = "".join(f"\n  {mistake}" for mistake in mistakes)
        super().__init__(
            f"{count} in {file}:{lines}",
            hint="docs/reference/policy.schema.json says what may stand where.",
        )
        self.mistakes = tuple(mistakes)


class NothingNamedError(ServerlessError):
    """`--only` or `--retry` names what the policy does not know."""

    code = "nothing-named"
    kind = Kind.NOT_FOUND

    def __init__(
        self, asked: Sequence[str], known: Sequence[str], *, option: str, kinds: str
    ) -> None:
        there = f"the policy means {listed(known) or 'nothing yet'}"
        super().__init__(
            f"{option} {listed(asked)}: no such {kinds} here; {there}.",
            hint=meant(asked[0], known, f"{option} {{}}"),
        )


class IntentsMovedError(ServerlessError):
    """What was agreed to is not what would be done now."""

    code = "intents-moved"
    kind = Kind.CONFLICT

    def __init__(self, expected: str, now: str) -> None:
        super().__init__(
            f"the intents are {now} now, not {expected} as when they were shown: the "
            "registry, the policy or what is deployed has changed since. Nothing done.",
            hint="look again with --dry-run, and pass the digest it shows.",
        )


class StillMovingError(ServerlessError):
    """Others moved the deployment each time it was looked at."""

    code = "still-moving"
    kind = Kind.CONFLICT

    def __init__(self, name: str, times: int) -> None:
        super().__init__(
            f"{name} was moved by somebody else {times} times while it was reconciled.",
            hint="run it again once the others are done.",
        )


class BadApprovalError(ServerlessError):
    """`--approved-by` does not say who, or for what."""

    code = "bad-approval"
    kind = Kind.BAD_INPUT

    def __init__(self, text: str, known: Sequence[str]) -> None:
        asking = f"only {listed(known)} may be approved by the run"
        nobody = "no environment of the policy may be approved by the run"
        super().__init__(
            f"--approved-by {text}: {asking if known else nobody}.",
            hint="write ENVIRONMENT=WHO, of environments with `approval: run`.",
        )


class UnexpectedError(ServerlessError):
    """A deployment failed in a way that nobody foresaw; the others go on."""

    code = "unexpected"

    def __init__(self, name: str, cause: Exception) -> None:
        said = " ".join(str(cause).split())
        super().__init__(
            f"{name}: {type(cause).__name__}: {said}",
            hint=f"--only {name} --debug shows where it came from.",
        )
