"""A deployment's rollout: begun by the story, advanced and ordered about by anyone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlflow_serverless import provenance
from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.lineage import Does
from mlflow_serverless.pipeline.controlled import armed, remembered
from mlflow_serverless.pipeline.desired import origin_of
from mlflow_serverless.pipeline.life import restated
from mlflow_serverless.pipeline.look import published, there
from mlflow_serverless.pipeline.noting import mark, marked, note
from mlflow_serverless.shift import (
    Driver,
    Rollout,
    State,
    Step,
    Strategy,
    orders,
    recorded,
)
from mlflow_serverless.shift import advance as advance_once
from mlflow_serverless.shift.clock import SystemClock
from mlflow_serverless.shift.configured import alarms_of, criteria_of, hooks_of
from mlflow_serverless.shift.history import InFolder, InMemory
from mlflow_serverless.shift.report import RolloutReport, report, write
from mlflow_serverless.topology import config_of
from mlflow_serverless.world import Clock, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """What one look at a rollout has come to."""

    step: Step | None
    """What was seen and done; None if nothing is under way."""
    report: RolloutReport | None
    """Of the rollout so far, or of the last one; None if there was none."""


@dataclass(frozen=True, slots=True)
class Place:
    """One deployment, and what drives it."""

    name: str
    alias: str
    config: DeploymentConfig
    driver: Driver
    world: World


def begin(
    name: str, candidate: str, strategy: Strategy, config: DeploymentConfig,
    world: World,
) -> Rollout:  # fmt: skip
    """
    Record a rollout to *candidate*; where it has no stages, move all traffic.

    Raises:
        ServerlessError: As `shift.begin` and `shift.advance`.
    """
    driver = _driver(config, world, SystemClock())
    rollout = orders.begin(name, config.alias, candidate, strategy, driver)
    if strategy.stages or rollout.state is not State.WAITING:
        return rollout
    step = advance_once(name, config.alias, driver)
    return step.after if step else rollout


def standing(name: str, world: World) -> RolloutReport | None:
    """
    The rollout that *name* is in, or was in last; None if there was none.

    Raises:
        DeploymentMissingError: There is no such deployment.
    """
    return reported(placed(name, world))


def advance(name: str, world: World, *, clock: Clock | None = None) -> Advanced:
    """
    Take one look at the rollout of *name*, and make at most one move.

    Raises:
        DeploymentMissingError: There is no such deployment.
        ServerlessError: The cloud cannot be asked, or refuses; nothing was moved.
    """
    place = placed(name, world, clock)
    step = advance_once(name, place.alias, place.driver)
    found = reported(place)
    if found is not None and (step is None or step.after.state != step.before.state):
        _recorded(place, found)
    if step is not None:
        _noted(place, step.before.state, step.after, step.shift.why)
    return Advanced(step=step, report=found)


def pause(name: str, world: World) -> Rollout:
    """Let nothing go on until `resume`; errors as `shift.pause`."""
    return _ordered(name, world, orders.pause)


def resume(name: str, world: World) -> Rollout:
    """Go on; bake time and patience begin anew; errors as `shift.resume`."""
    after = _ordered(name, world, orders.resume)
    have = world.cloud.snapshot(name)
    armed(name, have, config_of(have), world)
    return after


def promote(name: str, world: World) -> Rollout:
    """Send all traffic to the candidate now; while it is guarded, end the guard."""
    return _ordered(name, world, orders.promote)


def abort(name: str, world: World) -> Rollout:
    """Send all traffic back now, also after promotion; errors as `shift.abort`."""
    return _ordered(name, world, orders.abort)


_Order = Callable[[str, str, Driver], Rollout]


def _ordered(name: str, world: World, order: _Order) -> Rollout:
    place = placed(name, world)
    before = recorded(world.cloud.snapshot(name), place.alias)
    after = order(name, place.alias, place.driver)
    found = reported(place)
    if found is not None:
        _recorded(place, found)
    if before is not None:
        _noted(place, before.state, after, after.why)
    return after


def placed(name: str, world: World, clock: Clock | None = None) -> Place:
    """
    The deployment *name* with what drives it.

    Raises:
        DeploymentMissingError: There is none.
    """
    config = config_of(there(name, world.cloud))
    driver = _driver(config, world, clock or SystemClock())
    return Place(name, config.alias, config, driver, world)


def _driver(config: DeploymentConfig, world: World, clock: Clock) -> Driver:
    kept = InMemory() if world.rollouts is None else InFolder(world.rollouts)
    return Driver(
        cloud=world.cloud,
        clock=clock,
        tell=world.tell,
        history=kept,
        alarms=alarms_of(config, world.cloud),
        criteria=criteria_of(config.judge),
        hooks=hooks_of(config.strategy, world.cloud),
    )


def driven(name: str, world: World) -> bool:
    """Whether the cloud drives the rollouts of *name* by itself."""
    return config_of(world.cloud.snapshot(name)).strategy.driver == "cloud"


def reported(place: Place) -> RolloutReport | None:
    """The rollout that it is in, or was in last; None if there was none."""
    rollout = recorded(place.world.cloud.snapshot(place.name), place.alias)
    if rollout is None:
        return None
    past = place.driver.history.recall(place.name, rollout.identity)
    past = remembered(place.name, rollout, past, place.config, place.world)
    return report(place.name, place.alias, rollout, past)


def _recorded(place: Place, found: RolloutReport) -> None:
    """MLflow says which model serves now, and how the other one fared."""
    rollout, world = found.rollout, place.world
    if not place.config.record or rollout.state in {State.WAITING, State.SHIFTING}:
        return
    have = world.cloud.snapshot(place.name)
    serving = have.version(rollout.primary)
    candidate = have.version(rollout.candidate)
    (left,) = {rollout.baseline, rollout.candidate} - {rollout.primary}
    other = have.version(left)
    if serving is not None:
        before = origin_of(other).model if other else ""
        restated(published(serving, have), before, place.name, place.alias, world)
    if candidate is not None:
        provenance.rolled_out(
            origin_of(candidate).model, place.name, _outcome(found),
            files_of(found, world), world.tell,
        )  # fmt: skip


_ALL = {State.GUARDING, State.DONE}
"""States in which the new version has all traffic."""


def _noted(place: Place, before: State, after: Rollout, why: str) -> None:
    """Who ended the rollout is said on the function; and with the model, what moved."""
    if after.state == before:
        return
    have, world = place.world.cloud.snapshot(place.name), place.world
    mark(have, marked(have, world.cause), world)
    if not place.config.record:
        return
    if after.state in _ALL and before not in _ALL:
        note(have, Does.SERVES, after.candidate, why=f"promoted: {why}", world=world)
    if after.state is State.ROLLED_BACK and before in _ALL:
        why = f"rolled back: {why}"
        note(have, Does.RETURNS, after.baseline, why=why, world=world)


def _outcome(found: RolloutReport) -> dict[str, str]:
    rollout = found.rollout
    return {
        "outcome": found.outcome.replace(" ", "-"),
        "state": rollout.state.value,
        "reason": found.reason,
        "strategy": rollout.strategy.name,
        "versions": f"{rollout.baseline} -> {rollout.candidate}",
    }


def files_of(found: RolloutReport, world: World) -> tuple[Path, ...]:
    """The report as files for programs and for people; none if none are kept."""
    if world.rollouts is None:
        return ()
    return write(found, world.rollouts / found.name / found.rollout.identity)
