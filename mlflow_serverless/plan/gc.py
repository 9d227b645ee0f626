"""What nobody needs any more; pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mlflow_serverless.plan import names
from mlflow_serverless.plan.around import qualifier_of
from mlflow_serverless.plan.control import Control
from mlflow_serverless.plan.resources import (
    LogGroup,
    ProvisionedConcurrency,
    Resource,
    Role,
    rank,
)
from mlflow_serverless.plan.state import Actual, needed
from mlflow_serverless.plan.steps import (
    Plan,
    RemoveArtifact,
    RemoveResource,
    RemoveVersion,
    Step,
)


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
    An artifact stays if the function or a version that stays is made of it. What
    drives rollouts in the account goes if none is under way; the next one makes it
    again.

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
        plan=Plan(
            have.name,
            tuple(
                _removals(have, frozenset(kept), () if needed_too else driving(have))
            ),
        ),
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


def driving(have: Actual) -> tuple[Resource, ...]:
    """What is there to drive rollouts, in the order in which it can go."""
    found = (r for r in have.resources if drives(r, have.name))
    return tuple(sorted(found, key=rank, reverse=True))


def drives(resource: Resource, name: str) -> bool:
    """Whether *resource* is only there for the rollouts of *name*."""
    named = isinstance(resource, Role | LogGroup) and names.drives(name, resource.name)
    return named or isinstance(resource, Control)


def _removals(
    have: Actual, kept: frozenset[str], idle: tuple[Resource, ...]
) -> Iterator[Step]:
    for resource in idle:
        yield RemoveResource(have.name, resource)
    for version in have.versions:
        if version.number not in kept:
            yield RemoveVersion(have.name, version.number)
    stay = tuple(v for v in have.versions if v.number in kept)
    around = tuple(r for r in have.resources if r not in idle)
    left = needed(replace(have, versions=stay, resources=around))
    for artifact in have.artifacts:
        if artifact not in left:
            yield RemoveArtifact(have.name, artifact)
