"""Beginning a rollout, and what a person may order; each is one update of the alias."""

from collections.abc import Callable

from mlflow_serverless.plan import Actual, Alias
from mlflow_serverless.plan.errors import AliasMovedError
from mlflow_serverless.shift.advance import ATTEMPTS, Driver, around
from mlflow_serverless.shift.errors import (
    BusyAliasError,
    NoRolloutError,
    NotReadyError,
    RolloutUnderWayError,
)
from mlflow_serverless.shift.note import encode
from mlflow_serverless.shift.person import aborted, paused, promoted, resumed
from mlflow_serverless.shift.rollout import Rollout, State, route
from mlflow_serverless.shift.rules import under_way, unready
from mlflow_serverless.shift.strategy import Strategy
from mlflow_serverless.shift.warm import prepared


def begin(
    name: str, alias: str, candidate: str, strategy: Strategy, driver: Driver
) -> Rollout:
    """
    Record a rollout to *candidate*; no traffic moves before the first `advance`.

    Where environments are kept started, the candidate's are, before it is recorded.
    Beginning again what is under way already changes nothing. A rollout that is only
    guarded ends when the next one begins.

    Raises:
        RolloutUnderWayError: Another one is.
        NotReadyError: The candidate is not published, or serves already; there is
            no alias (a first deployment needs no rollout), or it has weights.
        TooManyStepsError: The strategy does not fit into the alias's note.
        BusyAliasError: Others moved the alias again and again.
    """
    for _ in range(ATTEMPTS):
        have = driver.cloud.snapshot(name)
        if (there := under_way(have, alias)) and there.candidate == candidate:
            return there
        if there and there.state is not State.GUARDING:
            raise RolloutUnderWayError(name, there.baseline, there.candidate)
        pointed = _free(have, alias, candidate)
        now = driver.now()
        rollout = Rollout(
            baseline=pointed.version, candidate=candidate, strategy=strategy,
            begun=now, since=now,
        )  # fmt: skip
        for step in prepared(have, alias, rollout):
            driver.cloud.perform(step)
        if _put(name, pointed, rollout, driver):
            what = f"{name} {rollout.baseline} -> {candidate}, {strategy.name}"
            driver.tell("shift.begun", what=what)
            around(driver.cloud.snapshot(name), alias, rollout, driver)
            return rollout
    raise BusyAliasError(name, alias, ATTEMPTS)


def _free(have: Actual, alias: str, candidate: str) -> Alias:
    """The alias, all of whose traffic may go from where it is to *candidate*."""
    pointed = have.alias(alias)
    if pointed is None:
        raise NotReadyError(have.name, f"there is no alias {alias}")
    if pointed.weights:
        raise NotReadyError(have.name, f"{alias} shares its traffic already")
    if why := unready(have, pointed.version, candidate):
        raise NotReadyError(have.name, why)
    return pointed


def pause(name: str, alias: str, driver: Driver) -> Rollout:
    """
    Let nothing go on until `resume`; what is unhealthy is still rolled back.

    Raises:
        NoRolloutError: Nothing is under way.
        BusyAliasError: Others moved the alias again and again.
    """
    return _ordered(name, alias, driver, lambda rollout, _: paused(rollout))


def resume(name: str, alias: str, driver: Driver) -> Rollout:
    """
    Go on; bake time and patience of the stage begin anew.

    Raises:
        OrderRefusedError: It is not paused.
        NoRolloutError, BusyAliasError: As `pause`.
    """
    return _ordered(name, alias, driver, resumed)


def promote(name: str, alias: str, driver: Driver) -> Rollout:
    """
    Send all traffic to the candidate now, whatever the judge says.

    Where it has it already, its guard ends.

    Raises:
        NotReadyError: The candidate is gone.
        NoRolloutError, BusyAliasError: As `pause`.
    """
    return _ordered(name, alias, driver, promoted)


def abort(name: str, alias: str, driver: Driver) -> Rollout:
    """
    Send all traffic back to the old version now, also while it is guarded.

    Raises:
        NotReadyError: The old version is gone.
        NoRolloutError, BusyAliasError: As `pause`.
    """
    return _ordered(name, alias, driver, aborted)


def _ordered(
    name: str,
    alias: str,
    driver: Driver,
    order: Callable[[Rollout, float], Rollout],
) -> Rollout:
    for _ in range(ATTEMPTS):
        have = driver.cloud.snapshot(name)
        rollout, pointed = under_way(have, alias), have.alias(alias)
        if rollout is None or pointed is None:
            raise NoRolloutError(name, alias)
        after = order(rollout, driver.now())
        if have.version(after.primary) is None:
            raise NotReadyError(name, f"version {after.primary} is gone")
        if _put(name, pointed, after, driver):
            driver.tell("shift.ordered", what=f"{name}: {after.why}")
            around(driver.cloud.snapshot(name), alias, after, driver)
            return after
    raise BusyAliasError(name, alias, ATTEMPTS)


def _put(name: str, pointed: Alias, rollout: Rollout, driver: Driver) -> bool:
    """Weights and record in one update; False if others moved the alias meanwhile."""
    note, revision = encode(rollout), pointed.revision
    step = route(name, pointed.name, rollout, note=note, revision=revision)
    try:
        driver.cloud.perform(step)
    except AliasMovedError:
        return False
    return True
