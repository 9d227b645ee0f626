"""What must hold before a version gets traffic: AWS's rules, and ours. Pure."""

from mlflow_serverless.plan import Actual
from mlflow_serverless.shift.note import decode
from mlflow_serverless.shift.rollout import Rollout


def under_way(have: Actual, alias: str) -> Rollout | None:
    """The rollout that *alias* is in; None if it is in none, or it is over."""
    found = recorded(have, alias)
    return found if found and not found.over else None


def recorded(have: Actual, alias: str) -> Rollout | None:
    """The last rollout of *alias*, under way or over, as its note tells."""
    pointed = have.alias(alias)
    return decode(pointed.note) if pointed else None


def unready(have: Actual, baseline: str, candidate: str) -> str:
    """
    Why no traffic may be shared between the two; empty if it may.

    Both must be published: a weighted alias takes no other.
    """
    if baseline == candidate:
        return f"version {candidate} already serves"
    gone = [number for number in (baseline, candidate) if not have.version(number)]
    if gone:
        return f"version {' and '.join(gone)} is not published"
    return ""
