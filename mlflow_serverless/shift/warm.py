"""Environments that are kept started: on the versions, while traffic is shared.

Lambda shares no traffic of an alias that has provisioned concurrency, and a version has
but one: its own, or that of an alias that points at it. So before a rollout it moves
from the alias to both versions, and stays with the one that has won.
"""

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import (
    Actual,
    MakeResource,
    ProvisionedConcurrency,
    RemoveResource,
    Step,
)
from mlflow_serverless.shift.roads import Roads
from mlflow_serverless.shift.rollout import Rollout
from mlflow_serverless.world import Tell


def prepared(have: Actual, alias: str, rollout: Rollout) -> tuple[Step, ...]:
    """
    What must be done before the candidate gets its first request; none without.

    The candidate comes first: if its environments do not start, nothing else has
    changed. Then the alias lets go and the old version takes its own; in between, once
    in the life of a deployment, its environments start when they are asked.
    """
    kept = _kept(have)
    ours = kept.get(rollout.candidate) or kept.get(alias) or kept.get(rollout.baseline)
    if ours is None:
        return ()
    theirs = kept.get(rollout.baseline) or kept.get(alias) or ours
    steps: list[Step] = [_made(have, rollout.candidate, ours)]
    if alias in kept:
        steps.append(_removed(have, alias, kept[alias]))
    return (*steps, _made(have, rollout.baseline, theirs))


def left(have: Actual, alias: str, rollout: Rollout) -> tuple[Step, ...]:
    """What a rollout that is over keeps started for nobody."""
    (other,) = {rollout.baseline, rollout.candidate} - {rollout.primary}
    pointed, kept = have.alias(alias), _kept(have)
    serving = pointed is not None and pointed.version == rollout.primary
    if not rollout.over or not serving or other not in kept:
        return ()
    return (_removed(have, other, kept[other]),)


def tidy(have: Actual, alias: str, rollout: Rollout, roads: Roads, tell: Tell) -> None:
    """Let go of what `left` names; traffic has moved, so a failure is only told."""
    for step in left(have, alias, rollout):
        try:
            roads.perform(step)
        except ServerlessError as error:
            said = f"{error.message} The next advance tries again."
            tell("shift.warning", what=f"could not {step}: {said}")


def _kept(have: Actual) -> dict[str, int]:
    """How many environments are kept started, by alias or version."""
    found = (r for r in have.resources if isinstance(r, ProvisionedConcurrency))
    return {resource.qualifier: resource.count for resource in found}


def _made(have: Actual, version: str, count: int) -> Step:
    resource = ProvisionedConcurrency(qualifier=version, count=count)
    return MakeResource(have.name, resource)


def _removed(have: Actual, qualifier: str, count: int) -> Step:
    resource = ProvisionedConcurrency(qualifier=qualifier, count=count)
    return RemoveResource(have.name, resource)
