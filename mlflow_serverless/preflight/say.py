"""How rules say what they find."""

from mlflow_serverless.plan.finding import Finding, Weight


def refused(code: str, what: str, fix: str) -> Finding:
    """It would fail, or be wrong."""
    return Finding(code=code, weight=Weight.REFUSED, what=what, fix=fix)


def warning(code: str, what: str, fix: str = "") -> Finding:
    """It may surprise."""
    return Finding(code=code, weight=Weight.WARNING, what=what, fix=fix)


def note(code: str, what: str) -> Finding:
    """It is worth knowing."""
    return Finding(code=code, weight=Weight.NOTE, what=what)
