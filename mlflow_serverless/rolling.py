"""The Python door of rollouts: look, advance, and order about.

From a script of one's own:

    mlflow_serverless.update("fraud", "models:/fraud/8", strategy="canary")
    while mlflow_serverless.advance("fraud").step:
        time.sleep(30)
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow_serverless.pipeline import driving, rollouts
from mlflow_serverless.pipeline.rollouts import Advanced
from mlflow_serverless.report import reporter
from mlflow_serverless.screen import drawing_on
from mlflow_serverless.shift import Rollout
from mlflow_serverless.shift.report import RolloutReport
from mlflow_serverless.wiring import DEFAULT_TARGET, world_for
from mlflow_serverless.world import World

__all__ = ["abort", "advance", "pause", "promote", "resume", "rollout"]


def rollout(name: str, target: str = DEFAULT_TARGET) -> RolloutReport | None:
    """
    The rollout that *name* is in, or was in last; None if there was none.

    Raises:
        ServerlessError: There is no such deployment.
    """
    with _world(target, quiet=True) as world:
        return rollouts.standing(name, world)


def advance(
    name: str, target: str = DEFAULT_TARGET, *, wait: bool = False, quiet: bool = False
) -> Advanced:
    """
    Take one look at the rollout of *name*, and make at most one move.

    Args:
        name: The deployment.
        target: Where it is deployed.
        wait: Go on until the rollout is over.
        quiet: Report nothing on the way.

    Raises:
        ServerlessError: The cloud cannot be asked, or refuses; nothing was moved. With
            *wait*, also if no rollout is under way.
    """
    with _world(target, quiet=quiet) as world:
        if not wait:
            return rollouts.advance(name, world)
        watch = None if quiet else drawing_on(sys.stderr)
        return driving.drive(name, world, watch=watch)


def pause(name: str, target: str = DEFAULT_TARGET) -> Rollout:
    """
    Let the rollout go no further; what is unhealthy still goes back.

    Raises:
        ServerlessError: None is under way.
    """
    with _world(target, quiet=True) as world:
        return rollouts.pause(name, world)


def resume(name: str, target: str = DEFAULT_TARGET) -> Rollout:
    """
    Let it go on; bake time and patience of its stage begin anew.

    Raises:
        ServerlessError: None is under way, or it is not paused.
    """
    with _world(target, quiet=True) as world:
        return rollouts.resume(name, world)


def promote(name: str, target: str = DEFAULT_TARGET) -> Rollout:
    """
    Send all traffic to the new version now; if it has it already, end the guard.

    Raises:
        ServerlessError: None is under way, or the version is gone.
    """
    with _world(target, quiet=True) as world:
        return rollouts.promote(name, world)


def abort(name: str, target: str = DEFAULT_TARGET) -> Rollout:
    """
    Send all traffic back now, also while the new version is guarded.

    Raises:
        ServerlessError: None is under way, or the old version is gone.
    """
    with _world(target, quiet=True) as world:
        return rollouts.abort(name, world)


@contextmanager
def _world(target: str, *, quiet: bool) -> Iterator[World]:
    style = "silent" if quiet else "auto"
    with reporter(sys.stderr, style=style) as report:
        yield world_for(target, report)
