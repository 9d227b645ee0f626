"""Rollouts that the account drives by itself: what they need, and when it is there."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.cost import monthly
from mlflow_serverless.pipeline.intended import Intended
from mlflow_serverless.pipeline.strategy import Chosen
from mlflow_serverless.plan import (
    Actual,
    Controller,
    MakeResource,
    Place,
    Schedule,
    names,
)
from mlflow_serverless.plan.errors import NotOfferedError
from mlflow_serverless.secure import audit
from mlflow_serverless.topology import DRIVER, control, schedule, topology
from mlflow_serverless.world import World

if TYPE_CHECKING:
    from mlflow_serverless.shift import Rollout, Strategy
    from mlflow_serverless.shift.history import Past

_MARGIN_S = 86_400.0
"""How much longer than any rollout takes by itself its schedule may be there [s]."""


@dataclass(frozen=True, slots=True)
class Driven:
    """What there is to drive, or is about to be."""

    rolling: "Rollout | None"
    """The rollout that is under way."""
    begins: "Strategy | None"
    """How another one is about to begin."""

    @property
    def strategy(self) -> "Strategy | None":
        """Of what is to be driven; None if nothing is."""
        if self.begins is not None:
            return self.begins
        return self.rolling.strategy if self.rolling else None


def controlled(
    intended: Intended,
    have: Actual,
    chosen: Chosen | None,
    config: DeploymentConfig,
    world: World,
) -> Intended:
    """
    *intended*, with what drives its rollout where the account is to.

    Made when a rollout needs it, it stays until `gc` or another driver: standing by
    costs nothing. Only its schedule goes as soon as nothing is left to drive.

    Raises:
        NotOfferedError: The target makes no controllers.
        ServerlessError: The controller's image cannot be built.
    """
    place = world.cloud.place()
    if place is None or config.strategy.driver != DRIVER:
        return intended
    driven = _driven(have, config.alias, chosen)
    there = any(isinstance(r, Controller) for r in have.resources)
    if driven.strategy is None and not there:
        return intended
    around = (
        *control(have.name, config, place, artifact=_image(have.name, config, world)),
        *_schedules(driven, have, config, place),
    )
    want = replace(intended.want, resources=(*intended.want.resources, *around))
    known = intended.findings
    new = (finding for finding in audit(want, config.allow) if finding not in known)
    costs = monthly(want, place)
    return replace(intended, want=want, findings=(*known, *new), costs=costs)


def armed(name: str, have: Actual, config: DeploymentConfig, world: World) -> None:
    """
    See to it that a rollout under way has its schedule: a long pause outlasts it.

    Raises:
        ServerlessError: It cannot be made.
    """
    place = world.cloud.place()
    there = {type(resource) for resource in have.resources}
    if place is None or Controller not in there or Schedule in there:
        return
    for made in _schedules(_driven(have, config.alias, None), have, config, place):
        world.cloud.perform(MakeResource(name, made))


def remembered(
    name: str, rollout: "Rollout", past: "Past", config: DeploymentConfig, world: World
) -> "Past":
    """
    *past*, with the looks that the controller's log tells of and what was seen then.

    Raises:
        ServerlessError: A log cannot be read.
    """
    if world.cloud.place() is None or config.strategy.driver != DRIVER:
        return past
    from mlflow_serverless.control.line import looks_in  # noqa: PLC0415 - brings scipy
    from mlflow_serverless.shift.history import InMemory  # noqa: PLC0415
    from mlflow_serverless.shift.look import look_at  # noqa: PLC0415

    since = datetime.fromtimestamp(rollout.begun, UTC)
    lines = world.cloud.logs(names.controller(name), since=since)
    told = looks_in((line.text for line in lines), rollout.identity)
    looks = sorted((*past.looks, *told), key=lambda look: look.at)
    now = looks[-1].at if looks and rollout.over else datetime.now(UTC).timestamp()
    seen = InMemory()
    seen.keep(name, rollout.identity, replace(past, looks=tuple(looks)))
    look_at(name, rollout, world.cloud, seen, now)
    return seen.recall(name, rollout.identity)


def _driven(have: Actual, alias: str, chosen: Chosen | None) -> Driven:
    pointed, begins = have.alias(alias), chosen.strategy if chosen else None
    if pointed is None or not pointed.note:
        return Driven(rolling=None, begins=begins)
    from mlflow_serverless.shift import State, under_way  # noqa: PLC0415 - brings scipy

    rolling = under_way(have, alias)
    # Only a rollout that is guarded gives way to another one.
    if rolling is not None and rolling.state is not State.GUARDING:
        begins = None
    return Driven(rolling=rolling, begins=begins)


def _image(name: str, config: DeploymentConfig, world: World) -> str:
    """Address of the controller's image, made on this machine."""
    if world.controller is None:
        raise NotOfferedError(world.target, (f"strategy.driver={DRIVER}",))
    return world.controller(topology(name, config, world.cloud.place()).packing)


def _schedules(
    driven: Driven, have: Actual, config: DeploymentConfig, place: Place
) -> tuple[Schedule, ...]:
    """The one that is there for the rollout under way; else a new one."""
    if driven.strategy is None:
        return ()
    kept = tuple(r for r in have.resources if isinstance(r, Schedule))
    if driven.begins is None and kept:
        return kept[:1]
    pointed = have.alias(config.alias)
    made = schedule(
        have.name, config, place, since=pointed.revision if pointed else "",
        end=datetime.now(UTC).timestamp() + longest_s(driven.strategy),
    )  # fmt: skip
    return (made,)


def longest_s(strategy: "Strategy") -> float:
    """The longest that a rollout takes unless a person pauses it, and a day [s]."""
    stages = sum(max(stage.bake_s, strategy.patience_s) for stage in strategy.stages)
    guard = max(strategy.guard_s, strategy.patience_s)
    return strategy.patience_s + stages + guard + _MARGIN_S
