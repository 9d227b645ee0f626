"""Taking a plan's steps, in order."""

from dataclasses import dataclass

from mlflow_serverless.apply.errors import ApplyError
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import Plan, Step
from mlflow_serverless.world import Control, Tell


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done under a name; no steps if nothing had to be."""

    name: str
    done: tuple[Step, ...]


def apply(plan: Plan, control: Control, tell: Tell) -> Receipt:
    """
    Take every step of *plan*; each is reported before (`apply.step`) and after.

    Nothing is taken back when a step fails: what is done stays, and a new plan holds
    only what is left.

    Raises:
        ApplyError: A step failed; says what is done and what is left.
    """
    count = len(plan.steps)
    for number, step in enumerate(plan.steps):
        tell("apply.step", name=plan.name, step=step, number=number + 1, count=count)
        try:
            control.perform(step)
        except ServerlessError as cause:
            done, left = plan.steps[:number], plan.steps[number:]
            raise ApplyError(cause, done=done, left=left) from cause
    tell("apply.done", name=plan.name, count=count)
    return Receipt(plan.name, plan.steps)
