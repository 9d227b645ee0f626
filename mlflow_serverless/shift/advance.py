"""One look, and at most one move: observe, judge, decide, commit.

Whoever calls it makes no difference: a waiting command, a schedule, a function in the
account, or several of them at once. The alias carries where the rollout stands; every
commit names the revision it looked at, and a driver that comes second looks again.
"""

from dataclasses import dataclass, field, replace

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.observe import Observation
from mlflow_serverless.plan import Actual, Alias
from mlflow_serverless.plan.errors import AliasMovedError
from mlflow_serverless.shift.alarms import heard, see_to, wanted
from mlflow_serverless.shift.criteria import Criteria
from mlflow_serverless.shift.decide import Answer, Failed, decide, due
from mlflow_serverless.shift.errors import BusyAliasError
from mlflow_serverless.shift.history import History, InMemory, Look, with_look
from mlflow_serverless.shift.hooks import Hooks, NoHooks
from mlflow_serverless.shift.judge import judge
from mlflow_serverless.shift.look import demand, look_at
from mlflow_serverless.shift.note import encode
from mlflow_serverless.shift.roads import Roads
from mlflow_serverless.shift.rollout import (
    Hold,
    RollBack,
    Rollout,
    Shift,
    State,
    astray,
    moved,
    route,
)
from mlflow_serverless.shift.rules import recorded, unready
from mlflow_serverless.shift.verdict import Inconclusive, Judgement, Unhealthy
from mlflow_serverless.shift.warm import prepared, tidy
from mlflow_serverless.world import Alarms, Clock, Tell

ATTEMPTS = 5
"""How often an alias that others moved is looked at again."""


@dataclass(frozen=True, kw_only=True)
class Driver:
    """What moving a rollout takes."""

    cloud: Roads
    clock: Clock
    tell: Tell
    criteria: Criteria = field(default_factory=Criteria)
    hooks: Hooks = field(default_factory=NoHooks)
    history: History = field(default_factory=InMemory)
    alarms: Alarms | None = None
    """The cloud's own; None where it has none."""

    def now(self) -> float:
        """Seconds since the epoch, as finely as a note keeps them."""
        return round(self.clock.now().timestamp(), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one call of `advance` saw and did."""

    name: str
    alias: str
    before: Rollout
    after: Rollout
    shift: Shift
    judgement: Judgement
    observation: Observation | None = None


def advance(name: str, alias: str, driver: Driver) -> Step | None:
    """
    Look at the rollout of *alias* once, and make at most one move.

    Returns:
        What was seen and done; None if no rollout is under way.

    Raises:
        BusyAliasError: Others moved the alias again and again.
        ServerlessError: The cloud cannot be asked, or refuses; nothing was moved.
    """
    for _ in range(ATTEMPTS):
        have = driver.cloud.snapshot(name)
        rollout, pointed = recorded(have, alias), have.alias(alias)
        if rollout is None or pointed is None:
            return None
        if rollout.over:
            around(have, alias, rollout, driver)
            return None
        step = _considered(have, pointed, rollout, driver)
        try:
            _commit(step, pointed, driver)
        except AliasMovedError:
            driver.tell("shift.moved", what=f"{name}:{alias} was moved by others")
            continue
        _remember(step, driver)
        if step.after != step.before:
            around(driver.cloud.snapshot(name), alias, step.after, driver)
        return step
    raise BusyAliasError(name, alias, ATTEMPTS)


def around(have: Actual, alias: str, rollout: Rollout, driver: Driver) -> None:
    """What stands around a rollout that was moved: made, or taken away."""
    tidy(have, alias, rollout, driver.cloud, driver.tell)
    if driver.alarms is not None:
        steps = wanted(have, alias, rollout, driver.criteria)
        see_to(steps, driver.cloud, driver.tell)


def _considered(have: Actual, pointed: Alias, rollout: Rollout, driver: Driver) -> Step:
    now = driver.now()
    observation = replace(
        look_at(have.name, rollout, driver.cloud, driver.history, now),
        ringing=heard(have.name, driver.alarms, driver.tell),
    )
    asked = demand(rollout, driver.criteria, now)
    judgement = judge(observation, driver.criteria, asked)
    judgement = _possibly(have, pointed, rollout, judgement)
    answer = _asked(have.name, rollout, driver)
    if rollout.state is State.WAITING and not isinstance(answer, Failed):
        answer = _warmed(have, pointed.name, rollout, driver) or answer
    shift = decide(rollout, judgement.verdict, now, answer)
    shift = _possible(have, rollout, shift)
    return Step(
        name=have.name,
        alias=pointed.name,
        before=rollout,
        after=moved(rollout, shift, now),
        shift=shift,
        judgement=judgement,
        observation=observation,
    )


def _possibly(
    have: Actual, pointed: Alias, rollout: Rollout, judgement: Judgement
) -> Judgement:
    """The judge's word, unless what it is about is not what is there."""
    if isinstance(judgement.verdict, Unhealthy):
        return judgement
    odd = astray(rollout, pointed) or unready(have, rollout.baseline, rollout.candidate)
    return replace(judgement, verdict=Inconclusive(odd)) if odd else judgement


def _asked(name: str, rollout: Rollout, driver: Driver) -> Answer | None:
    moment = due(rollout)
    return driver.hooks.ask(moment, name, rollout) if moment else None


def _warmed(
    have: Actual, alias: str, rollout: Rollout, driver: Driver
) -> Failed | None:
    """What keeps the candidate's environments from being started before it serves."""
    try:
        for step in prepared(have, alias, rollout):
            driver.cloud.perform(step)
    except ServerlessError as error:
        return Failed(error.message)
    return None


def _possible(have: Actual, rollout: Rollout, shift: Shift) -> Shift:
    """*shift*, unless a version that it needs is not there."""
    after = moved(rollout, shift, rollout.since)
    needed = (after.primary, *(number for number, _ in after.weights))
    gone = [number for number in needed if have.version(number) is None]
    if not gone:
        return shift
    why = f"version {' and '.join(gone)} is gone"
    back = have.version(rollout.baseline) is not None
    if back and rollout.state in {State.WAITING, State.SHIFTING}:
        return RollBack(why)
    return Hold(f"{why}: nothing to go back to")


def _commit(step: Step, pointed: Alias, driver: Driver) -> None:
    """Weights and record in one update, or nothing at all."""
    if step.after == step.before:
        return
    note = encode(step.after)
    driver.cloud.perform(
        route(step.name, step.alias, step.after, note=note, revision=pointed.revision)
    )


def _remember(step: Step, driver: Driver) -> None:
    look = looked(step, driver.now())
    past = driver.history.recall(step.name, step.before.identity)
    driver.history.keep(step.name, step.before.identity, with_look(past, look))
    driver.tell(
        f"shift.{look.move}",
        what=f"{step.name}: {look.reason}",
        verdict=look.verdict,
        share=dict(step.after.weights).get(step.after.candidate, 0.0),
        state=step.after.state.value,
    )


def looked(step: Step, now: float) -> Look:
    """*step* as it is remembered."""
    verdict = step.judgement.verdict
    return Look(
        at=now,
        state=step.before.state.value,
        share=share_of(step.after),
        verdict=type(verdict).__name__.lower(),
        why=verdict.why,
        move=type(step.shift).__name__.lower(),
        reason=step.shift.why,
        findings=step.judgement.findings,
    )


def share_of(rollout: Rollout) -> float:
    """The candidate's part of the traffic [0..1]."""
    if rollout.primary == rollout.candidate:
        return 1.0
    return dict(rollout.weights).get(rollout.candidate, 0.0)
