"""What nobody needs any more; pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mlflow_serverless.plan.around import qualifier_of
from mlflow_serverless.plan.resources import ProvisionedConcurrency
from mlflow_serverless.plan.state import Actual, needed
from mlflow_serverless.plan.steps import Plan, RemoveArtifact, RemoveVersion, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """What would go, and what keeps the rest."""

    plan: Plan
    kept: tuple[tuple[str, str], ...]
    """(version, why it stays), oldest first."""


def garbage(have: Actual, *, keep: int, needed_too: tuple[str, ...] = ()) -> Garbage:
    """
    What can go without anybody missing it.

    A version stays if an alias sends it traffic, if environments are kept started
    for it, if it is the function's own content, or if it is one of the *keep* newest.
    An artifact stays if the function or a version that stays is made of it.

    Args:
        have: One deployment.
        keep: How many of the newest versions stay in any case, >= 1.
        needed_too: Versions that a rollout under way needs.
    """
    rolling = dict.fromkeys(needed_too, "a rollout under way needs it")
    kept = {
        v.number: why
        for v in have.versions
        if (why := _why(v.number, have, keep) or rolling.get(v.number, ""))
    }
    return Garbage(
        plan=Plan(have.name, tuple(_removals(have, frozenset(kept)))),
        kept=tuple(
            (v.number, kept[v.number]) for v in have.versions if v.number in kept
        ),
    )


def _why(number: str, have: Actual, keep: int) -> str:
    for alias in have.aliases:
        if number in {alias.version, *(other for other, _ in alias.weights)}:
            return f"{alias.name} sends it traffic"
    for resource in have.resources:
        kept_started = isinstance(resource, ProvisionedConcurrency)
        if kept_started and qualifier_of(resource) == number:
            return "environments are kept started for it"
    newest = [version.number for version in have.versions[-keep:]]
    return f"one of the {keep} newest" if number in newest else ""


def _removals(have: Actual, kept: frozenset[str]) -> Iterator[Step]:
    for version in have.versions:
        if version.number not in kept:
            yield RemoveVersion(have.name, version.number)
    stay = tuple(v for v in have.versions if v.number in kept)
    left = needed(replace(have, versions=stay))
    for artifact in have.artifacts:
        if artifact not in left:
            yield RemoveArtifact(have.name, artifact)
