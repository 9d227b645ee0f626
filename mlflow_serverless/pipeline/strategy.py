"""How traffic is to move to a new version: what is asked for, and what can be given."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.config.strategy import AUTO
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.pipeline.errors import StrategyNotGivenError
from mlflow_serverless.plan import Actual, Plan, PointAlias, ProvisionedConcurrency
from mlflow_serverless.topology.topology import SHADOW
from mlflow_serverless.world import Logbook

if TYPE_CHECKING:
    from mlflow_serverless.shift import Strategy

HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """A strategy, and what is to be said of it."""

    strategy: "Strategy | None" = None
    """None: all traffic at once, and nothing is recorded or watched."""
    why: str = ""
    """Why it is not what one might expect; empty if it is."""
    kept: int = 0
    """Environments that are kept started for each version until the guard ends."""

    def __str__(self) -> str:
        said = "all traffic at once"
        if self.strategy is not None:
            stages = ", ".join(str(stage) for stage in self.strategy.stages)
            said = f"{self.strategy.name}: {stages or said}"
        return f"{said} ({self.why})" if self.why else said

    @property
    def cost(self) -> str:
        """What it costs beside what serving costs, in words; empty if nothing."""
        return "; ".join(filter(None, (self._shadow, self._started)))

    @property
    def _started(self) -> str:
        if self.strategy is None or not self.kept:
            return ""
        return (
            f"{self.kept} environments are kept started for both versions until the "
            "guard ends: twice as many for that time"
        )

    @property
    def _shadow(self) -> str:
        stages = self.strategy.stages if self.strategy else ()
        shadow = next((stage for stage in stages if stage.kind.value == "shadow"), None)
        if shadow is None:
            return ""
        part = f"{100 * shadow.share:g} %"
        return (
            f"the shadow invokes the new version for {part} of the requests once more, "
            f"for at least {shadow.bake_s:g} s: requests cost {part} more meanwhile, "
            "and it counts against the function's concurrency"
        )


def choose(
    changes: Plan, have: Actual, config: DeploymentConfig, logbook: Logbook
) -> Chosen | None:
    """
    How the traffic of *changes* is to move; None if none does.

    Args:
        changes: What is to be done.
        have: What is there.
        config: How it is to run.
        logbook: Asked how much traffic there was.

    Raises:
        StrategyNotGivenError: What was asked for by name cannot be had here.
        BadStrategyError: Its steps make no sense.
        RolloutUnderWayError: Another version is being rolled out.
    """
    point = next((s for s in changes.steps if isinstance(s, PointAlias)), None)
    if point is None:
        return None
    pointed = have.alias(point.alias)
    if pointed is None:
        return Chosen()
    if (going := _going(have, point)) is not None:
        return Chosen(going, "it is under way already")
    return _given(_wanted(have, config, logbook), changes, have, config)


def _going(have: Actual, point: PointAlias) -> "Strategy | None":
    """
    The strategy of the rollout that is under way to just this version.

    One at a time: another one is in the way, unless it is only guarded still.
    """
    pointed = have.alias(point.alias)
    if pointed is None or not pointed.note:
        return None
    from mlflow_serverless.shift import State, under_way  # noqa: PLC0415 - brings scipy
    from mlflow_serverless.shift.errors import RolloutUnderWayError  # noqa: PLC0415

    there = under_way(have, point.alias)
    held = have.holding(point.content)
    if there is None or there.state is State.GUARDING:
        return None
    if held is None or there.candidate != held.number:
        raise RolloutUnderWayError(have.name, there.baseline, there.candidate)
    return there.strategy


def _wanted(have: Actual, config: DeploymentConfig, logbook: Logbook) -> Chosen:
    """What the configuration means with the traffic that there is."""
    from mlflow_serverless.shift.configured import strategy_of  # noqa: PLC0415 - brings scipy

    strategy = strategy_of(config.strategy)
    if config.strategy.name != AUTO:
        return Chosen(strategy)
    needed = needed_an_hour(strategy, config.judge.promote_requests)
    try:
        seen = traffic(have.name, logbook, most=needed)
    except ServerlessError as error:
        return Chosen(None, f"the last hour's requests are unknown: {error.message}")
    if seen >= needed:
        return Chosen(strategy)
    why = (
        f"{seen:,} requests in the last hour; {needed:,} are needed to judge a version "
        "in time; -C strategy=canary begins a rollout all the same"
    )
    return Chosen(None, why)


def needed_an_hour(strategy: "Strategy", answers: int) -> int:
    """Requests an hour that give the largest stage *answers* in half the patience."""
    largest = max((stage.share for stage in strategy.stages), default=1.0)
    hours = strategy.patience_s / 2 / HOUR_S
    return max(1, round(answers / hours / largest))


def traffic(name: str, logbook: Logbook, *, most: int) -> int:
    """
    Requests of the last hour; no more than *most* are counted.

    The last minute is read first: where there is much, that is enough of it.

    Raises:
        ServerlessError: The log cannot be read.
    """
    seen, now = 0, datetime.now(UTC)
    for seconds in (60.0, 600.0, HOUR_S):
        since = now - timedelta(seconds=seconds)
        lines = filter(_is_request, logbook.metrics(name, since=since))
        seen = sum(1 for _ in islice(lines, most))
        if seen >= most:
            break
    return seen


def _is_request(line: Mapping[str, object]) -> bool:
    return "Status" in line and not line.get("Shadow")


def _given(
    chosen: Chosen, changes: Plan, have: Actual, config: DeploymentConfig
) -> Chosen:
    """*chosen*, less what cannot be had here."""
    strategy = chosen.strategy
    if strategy is None:
        return chosen
    chosen = _with_shadow_or_without(chosen, strategy, have, config)
    return replace(chosen, kept=_kept_started(changes, have))


def _with_shadow_or_without(
    chosen: Chosen, strategy: "Strategy", have: Actual, config: DeploymentConfig
) -> Chosen:
    """Only a version that was told of its alias when it was published can mirror."""
    canary = tuple(s for s in strategy.stages if s.kind.value != "shadow")
    if canary == strategy.stages:
        return chosen
    pointed = have.alias(config.alias)
    serving = have.version(pointed.version) if pointed else None
    if serving and dict(serving.settings.environment).get(SHADOW) == config.alias:
        return chosen
    why = "the version that serves was published without a shadow in mind"
    if not canary:
        raise StrategyNotGivenError(
            strategy.name, why, "strategy=canary this once; later updates can"
        )
    return Chosen(replace(strategy, stages=canary), f"without a shadow: {why}")


def _kept_started(changes: Plan, have: Actual) -> int:
    """Most environments that are kept started, now or by *changes*."""
    made = [getattr(step, "resource", None) for step in changes.steps]
    around = (*have.resources, *made)
    kept = (r.count for r in around if isinstance(r, ProvisionedConcurrency))
    return max(kept, default=0)
