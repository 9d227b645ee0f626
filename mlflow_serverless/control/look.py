"""One call: one look at the rollout, and the schedule's end once that is over."""

from dataclasses import dataclass, field
from typing import Protocol

from mlflow_serverless.control.event import Wake
from mlflow_serverless.plan import Actual
from mlflow_serverless.plan.guard import guarded
from mlflow_serverless.shift import Driver, Roads, Step, advance, recorded, under_way
from mlflow_serverless.shift.clock import SystemClock
from mlflow_serverless.shift.configured import alarms_of, criteria_of, hooks_of
from mlflow_serverless.shift.history import History, InMemory
from mlflow_serverless.shift.warm import left
from mlflow_serverless.topology import config_of
from mlflow_serverless.world import Clock, Invoker


class Schedules(Protocol):
    """What wakes controllers."""

    def end(self, group: str, schedule: str) -> None:
        """Nothing is called any more; nothing if it is gone already."""
        ...


class Ways(Roads, Invoker, Protocol):
    """All that a controller needs of a cloud."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What stays between the calls of one environment."""

    ways: Ways
    schedules: Schedules
    history: History = field(default_factory=InMemory)
    """What was read already; a new environment reads the metric lines again."""
    clock: Clock = field(default_factory=SystemClock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one call has come to."""

    step: Step | None
    """What was seen and done; None if nothing was under way."""
    ended: bool
    """Whether its schedule was ended."""


def look(wake: Wake, reached: Reached) -> Looked:
    """
    Take one look, make at most one move; end the schedule when all is over.

    Called twice, late, or twice at once it does no harm: every move names the
    revision of the alias that it was decided on, and a schedule that is gone stays
    gone. Killed anywhere, the next call goes on.

    Raises:
        ServerlessError: The cloud cannot be asked, or refuses; nothing was moved.
    """
    ways = reached.ways
    have = ways.snapshot(wake.deployment)
    if _not_begun(have, wake):
        return Looked(step=None, ended=False)
    config = config_of(have)
    driver = Driver(
        cloud=ways,
        clock=reached.clock,
        tell=_silent,
        history=reached.history,
        criteria=criteria_of(config.judge),
        hooks=hooks_of(config.strategy, ways),
        alarms=alarms_of(config, ways),
    )
    step = advance(wake.deployment, wake.alias, driver)
    over = (step is None or step.after.over) and _nothing_left(wake, ways)
    if over:
        reached.schedules.end(wake.group, wake.schedule)
    return Looked(step=step, ended=over)


def _nothing_left(wake: Wake, ways: Ways) -> bool:
    """Whether nothing is kept started or watched any more for what is over."""
    have = ways.snapshot(wake.deployment)
    rollout = recorded(have, wake.alias)
    watched = any(guarded(resource) for resource in have.resources)
    return rollout is None or not (watched or left(have, wake.alias, rollout))


def _not_begun(have: Actual, wake: Wake) -> bool:
    """Whether the alias is where it was before, as one may still see it at first."""
    pointed = have.alias(wake.alias)
    still = pointed is not None and pointed.revision == wake.since
    return still and under_way(have, wake.alias) is None


def _silent(event: str, /, **fields: object) -> None:
    """One line a call says it all; see `line`."""
