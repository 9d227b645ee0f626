"""Alarms on the candidate: made when it gets traffic, heard, and taken away again."""

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import Actual, MakeResource, RemoveResource, Ringing, Step
from mlflow_serverless.plan.guard import guarded, guards
from mlflow_serverless.plan.resources import key_of
from mlflow_serverless.shift.criteria import Criteria
from mlflow_serverless.shift.roads import Roads
from mlflow_serverless.shift.rollout import Rollout
from mlflow_serverless.world import Alarms, Tell


def wanted(
    have: Actual, alias: str, rollout: Rollout, criteria: Criteria
) -> tuple[Step, ...]:
    """What is to be done for the alarms of *rollout*: made while it lasts."""
    there = {key_of(resource) for resource in have.resources}
    if rollout.over:
        old = (resource for resource in have.resources if guarded(resource))
        return tuple(RemoveResource(have.name, resource) for resource in old)
    made = guards(
        have.name, alias, rollout.candidate, errors=criteria.max_error_rate,
        p95_ms=criteria.max_p95_ms,
    )  # fmt: skip
    new = (alarm for alarm in made if key_of(alarm) not in there)
    return tuple(MakeResource(have.name, alarm) for alarm in new)


def see_to(steps: tuple[Step, ...], cloud: Roads, tell: Tell) -> None:
    """Take *steps*; a rollout goes on without alarms, and says so."""
    try:
        for step in steps:
            cloud.perform(step)
    except ServerlessError as error:
        tell("shift.warning", what=f"alarms of the rollout: {error.message}")


def heard(name: str, alarms: Alarms | None, tell: Tell) -> tuple[Ringing, ...]:
    """Those that ring now; none where there are none, or they cannot be asked."""
    if alarms is None:
        return ()
    try:
        return alarms.ringing(name)
    except ServerlessError as error:
        tell("shift.warning", what=f"alarms were not heard: {error.message}")
        return ()
