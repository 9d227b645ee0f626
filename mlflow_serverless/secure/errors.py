"""What the audit and preflight refuse."""

from collections.abc import Iterable

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.plan.finding import Finding, Weight


class RefusedError(ServerlessError):
    """Findings that stop a deployment; all of them at once."""

    code = "refused"
    kind = Kind.REFUSED

    def __init__(self, name: str, findings: tuple[Finding, ...]) -> None:
        lines = "\n".join(f"  - {f.what} [{f.code}]" for f in findings)
        fixes = dict.fromkeys(f.fix for f in findings if f.fix)
        super().__init__(
            f"{name} is not deployed; nothing was changed:\n{lines}",
            hint="; ".join(fixes),
        )
        self.findings = findings


def refuse(name: str, findings: Iterable[Finding]) -> None:
    """
    Stop if any of *findings* stops a deployment.

    Raises:
        RefusedError: With all that do.
    """
    fatal = tuple(f for f in findings if f.weight is Weight.REFUSED)
    if fatal:
        raise RefusedError(name, fatal)
