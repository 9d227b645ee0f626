"""Driving a rollout to its end: looking again and again, and showing what is seen."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Protocol, Self

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.pipeline.errors import RolledBackError
from mlflow_serverless.pipeline.request import Deployment
from mlflow_serverless.pipeline.rollouts import (
    Advanced,
    advance,
    driven,
    placed,
    reported,
    standing,
)
from mlflow_serverless.shift import State
from mlflow_serverless.shift.errors import NoRolloutError
from mlflow_serverless.shift.report import RolloutReport
from mlflow_serverless.world import Clock, World


class Watch(Protocol):
    """Shows a rollout while it is driven, in place of what is told of it."""

    def __enter__(self) -> Self:
        """Take the screen."""
        ...

    def __exit__(self, *error: object) -> None:
        """Give it back."""
        ...

    def tell(self, event: str, /, **fields: object) -> None:
        """What else happens meanwhile; see `world.Tell`."""
        ...

    def show(self, seen: Advanced) -> None:
        """One look."""
        ...


def drive(
    name: str,
    world: World,
    *,
    watch: Watch | None = None,
    clock: Clock | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Advanced:
    """
    Advance the rollout of *name* until it is over; what was seen last.

    A cloud that is out of reach for a while is asked again at the next look.

    Args:
        name: The deployment.
        world: Where it is.
        watch: Shows every look; without one, each is told.
        clock: Tells the time; this machine's if left out.
        sleep: Waits between two looks [s].

    Raises:
        NoRolloutError: None is under way.
        ServerlessError: The cloud refuses.
    """
    place = placed(name, world, clock)
    last = reported(place)
    if last is None or last.rollout.over:
        raise NoRolloutError(name, place.alias)
    look_s = last.rollout.strategy.look_s
    try:
        with watch or nullcontext():
            quiet = replace(world, tell=watch.tell) if watch else world
            return _to_its_end(name, quiet, watch, clock, lambda: sleep(look_s))
    except KeyboardInterrupt:
        world.tell("shift.warning", what=_left(name, world))
        raise


def _to_its_end(
    name: str,
    world: World,
    watch: Watch | None,
    clock: Clock | None,
    rest: Callable[[], None],
) -> Advanced:
    while True:
        try:
            seen = advance(name, world, clock=clock)
        except ServerlessError as error:
            if error.kind is not Kind.UNAVAILABLE:
                raise
            world.tell("shift.warning", what=f"looked in vain: {error.message}")
        else:
            if watch is not None:
                watch.show(seen)
            if seen.step is None or seen.step.after.over:
                return seen
        rest()


def _left(name: str, world: World) -> str:
    """What becomes of a rollout that nobody drives any more, and how to go on."""
    ours = f"{name} -t {world.target}"
    return (
        f"the rollout of {name} stays where it is; go on with mlflow-serverless "
        f"advance {ours} --wait, or end it with mlflow-serverless promote {ours} or "
        f"mlflow-serverless abort {ours}"
    )


def promoted(name: str, seen: Advanced) -> RolloutReport | None:
    """
    The report of a rollout that has ended well.

    Raises:
        RolledBackError: It has not.
    """
    found = seen.report
    if found is None or found.rollout.state is not State.ROLLED_BACK:
        return found
    rollout = found.rollout
    raise RolledBackError(name, rollout.candidate, rollout.baseline, found.reason)


def followed(
    done: Deployment, world: World, *, wait: bool, watch: Watch | None = None
) -> Deployment:
    """
    *done* with where its rollout stands; at its end, if that is waited for.

    Raises:
        RolledBackError: We have waited, and the new version has lost its traffic.
    """
    found = standing(done.name, world)
    if found is None:
        return done
    if wait and not found.rollout.over:
        found = promoted(done.name, drive(done.name, world, watch=watch))
    elif not found.rollout.over and not driven(done.name, world):
        how = f"mlflow-serverless advance {done.name} --wait -t {world.target}"
        guarded = found.rollout.state is State.GUARDING
        what = "all traffic moved; it is watched by" if guarded else "it goes on with"
        world.tell("shift.warning", what=f"{what}: {how}")
    return replace(done, rollout=found.rollout.state.value if found else "")
