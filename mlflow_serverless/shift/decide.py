"""Rollout x verdict x now -> what to do next. Pure: the clock is an argument."""

from dataclasses import dataclass

from mlflow_serverless.shift.rollout import (
    Advance,
    Confirm,
    Finish,
    Hold,
    Moment,
    Promote,
    RollBack,
    Rollout,
    Shift,
    State,
)
from mlflow_serverless.shift.verdict import Healthy, Inconclusive, Unhealthy, Verdict


@dataclass(frozen=True, slots=True)
class Passed:
    """The hook said yes, or there is none."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The hook said no, or nothing."""

    why: str


Answer = Passed | Failed


def due(rollout: Rollout) -> Moment | None:
    """Which hook must be asked before anything goes on."""
    if rollout.over or rollout.paused:
        return None
    if rollout.state is State.WAITING:
        return Moment.BEFORE
    after = rollout.state is State.GUARDING and Moment.AFTER not in rollout.passed
    return Moment.AFTER if after else None


def decide(
    rollout: Rollout, verdict: Verdict, now: float, answer: Answer | None = None
) -> Shift:
    """
    Choose the next move; silence is never health, and cannot last for ever.

    Args:
        rollout: Where it stands.
        verdict: The judge's.
        now: Seconds since the epoch.
        answer: Of the hook that is `due`, if one is.
    """
    match rollout.state:
        case State.DONE | State.ROLLED_BACK:
            return Hold(f"it is over: {rollout.state.value}")
        case State.WAITING:
            return _opening(rollout, now, answer)
        case State.SHIFTING:
            return _shifting(rollout, verdict, now)
        case State.GUARDING:
            return _guarding(rollout, verdict, now, answer)


def _opening(rollout: Rollout, now: float, answer: Answer | None) -> Shift:
    if rollout.paused:
        return Hold("paused by a person")
    match answer:
        case Failed(why):
            return _patient(rollout, now, f"the hook before: {why}")
        case None:
            return _patient(rollout, now, "the hook before was not asked")
        case Passed() if rollout.strategy.stages:
            return Advance(0, f"begun with {rollout.strategy.stages[0]}")
        case Passed():
            return Promote("all at once, as the strategy says")


def _shifting(rollout: Rollout, verdict: Verdict, now: float) -> Shift:
    stage = rollout.strategy.stages[rollout.stage]
    baked = now - rollout.since
    last = rollout.stage + 1 == len(rollout.strategy.stages)
    match verdict:
        case Unhealthy(why):
            return RollBack(why)
        case _ if rollout.paused:
            return Hold("paused by a person")
        case Inconclusive(why):
            return _patient(rollout, now, why)
        case Healthy() if baked < stage.bake_s:
            return Hold(f"baking, {baked:.0f} of {stage.bake_s:.0f} s")
        case Healthy(why) if last:
            return Promote(why)
        case Healthy(why):
            return Advance(rollout.stage + 1, why)


def _guarding(
    rollout: Rollout, verdict: Verdict, now: float, answer: Answer | None
) -> Shift:
    watched, guard = now - rollout.since, rollout.strategy.guard_s
    if isinstance(verdict, Unhealthy):
        return RollBack(f"after promotion: {verdict.why}")
    if rollout.paused:
        return Hold("paused by a person")
    if Moment.AFTER not in rollout.passed:
        if isinstance(answer, Passed):
            return Confirm(Moment.AFTER, "all traffic moved")
        why = answer.why if isinstance(answer, Failed) else "it was not asked"
        return _patient(rollout, now, f"the hook after: {why}")
    if watched < guard:
        return Hold(f"guarding, {watched:.0f} of {guard:.0f} s")
    return Finish(f"nothing wrong in {watched:.0f} s after promotion")


def _patient(rollout: Rollout, now: float, why: str) -> Shift:
    waited, patience = now - rollout.since, rollout.strategy.patience_s
    if waited < patience:
        return Hold(why)
    return RollBack(f"no verdict in {waited:.0f} s of patience: {why}")
