"""How the story ends: the version is made and asked, and then traffic moves to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlflow_serverless.apply import apply
from mlflow_serverless.apply.errors import ApplyError
from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.pipeline.built import Built
from mlflow_serverless.pipeline.errors import SmokeFailedError
from mlflow_serverless.pipeline.request import Deployment
from mlflow_serverless.pipeline.smoke import smoke
from mlflow_serverless.pipeline.strategy import Chosen
from mlflow_serverless.plan import (
    Desired,
    MakeResource,
    Plan,
    PointAlias,
    ProvisionedConcurrency,
    RemoveResource,
    Step,
    content_of,
)
from mlflow_serverless.report import step
from mlflow_serverless.world import World

if TYPE_CHECKING:
    from mlflow_serverless.pipeline.driving import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """All that was decided."""

    changes: Plan
    want: Desired
    built: Built
    config: DeploymentConfig
    chosen: Chosen | None
    """How traffic moves; None if none does."""

    @property
    def begins(self) -> bool:
        """Whether it ends in a rollout."""
        return self.chosen is not None and self.chosen.strategy is not None


def carry_out(ending: Ending, world: World) -> str:
    """
    Make the version, ask it, and only then move traffic to it, or begin to.

    Returns:
        What came of asking it.

    Raises:
        ServerlessError: A step failed, or the answer is wrong; traffic stays.
    """
    if not ending.changes:
        return ""
    changes, want = ending.changes, ending.want
    first, last = _halves(_left_to_the_rollout(ending, world))
    with step(world.tell, "apply", changes.name) as said, _of_all(after=last):
        apply(Plan(changes.name, first), world.cloud, Steps(world))
        said.say(f"{len(first)} steps", fresh=bool(first))
    asked = ""
    if last and ending.config.smoke:
        asked = _asked(want, ending.built, world)
    if ending.begins:
        last = _begun(ending, last, world)
    with _of_all(before=first):
        apply(Plan(changes.name, last), world.cloud, Steps(world))
    if any(isinstance(one, PointAlias) for one in last):
        _moved(ending, world)
    return asked


@contextmanager
def _of_all(
    *, before: tuple[Step, ...] = (), after: tuple[Step, ...] = ()
) -> Iterator[None]:
    """Whatever stops within says of the whole plan what is done and left."""
    try:
        yield
    except ApplyError as stopped:
        done, left = (*before, *stopped.done), (*stopped.left, *after)
        raise ApplyError(stopped.cause, done=done, left=left) from stopped.cause


def _begun(ending: Ending, last: tuple[Step, ...], world: World) -> tuple[Step, ...]:
    """Begin the rollout; what is left to do besides."""
    from mlflow_serverless.pipeline import rollouts  # noqa: PLC0415 - brings scipy

    assert ending.chosen is not None
    assert ending.chosen.strategy is not None
    if ending.chosen.why:
        world.tell("shift.warning", what=ending.chosen.why)
    version = version_of(ending.want, world)
    name, kept = ending.changes.name, _kept(ending.want, version)
    apply(Plan(name, kept), world.cloud, Steps(world))
    rollouts.begin(name, version, ending.chosen.strategy, ending.config, world)
    return tuple(one for one in last if not isinstance(one, PointAlias))


def _left_to_the_rollout(ending: Ending, world: World) -> tuple[Step, ...]:
    """The steps without those on what is kept started: the rollout moves it."""
    want, steps = ending.want, ending.changes.steps
    if not ending.begins or not _kept(want, ""):
        return steps
    pointed = world.cloud.snapshot(want.function.name).alias(want.alias)
    sharing = pointed.weights if pointed else ()
    serving = {want.alias, version_of(want, world), *(number for number, _ in sharing)}
    serving |= {pointed.version} if pointed else set()

    def stays(one: Step) -> bool:
        resource = getattr(one, "resource", None)
        if not isinstance(resource, ProvisionedConcurrency):
            return True
        return isinstance(one, RemoveResource) and resource.qualifier not in serving

    return tuple(one for one in steps if stays(one))


def _kept(want: Desired, version: str) -> tuple[Step, ...]:
    """What is wanted for the alias, for the version that it is to serve."""
    return tuple(
        MakeResource(want.function.name, replace(resource, qualifier=version))
        for resource in want.resources
        if isinstance(resource, ProvisionedConcurrency)
        and resource.qualifier == want.alias
    )


def _moved(ending: Ending, world: World) -> None:
    what = f"{ending.want.alias} serves version {version_of(ending.want, world)}"
    why = ending.chosen.why if ending.chosen else ""
    said = f"{what}; all traffic at once: {why}" if why else what
    world.tell("shift.done", what=said)


def follow(
    done: Deployment, ending: Ending, world: World, watch: "Watch | None"
) -> Deployment:
    """
    *done*, with what has come of the rollout that was begun or is waited for.

    Raises:
        RolledBackError: We have waited, and the new version has lost its traffic.
    """
    if not ending.begins and not ending.config.wait:
        return done
    pointed = world.cloud.snapshot(done.name).alias(done.alias)
    if pointed is None or not pointed.note:
        return done
    from mlflow_serverless.pipeline import driving  # noqa: PLC0415 - brings scipy

    return driving.followed(done, world, wait=ending.config.wait, watch=watch)


def _halves(steps: tuple[Step, ...]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """What is done before traffic moves, and that move with what needs it."""
    moves = (i for i, one in enumerate(steps) if isinstance(one, PointAlias))
    where = next(moves, len(steps))
    return steps[:where], steps[where:]


def _asked(want: Desired, built: Built, world: World) -> str:
    name = want.function.name
    if built.question is None:
        world.tell("smoke.warning", what="not asked: no example to ask with")
        return "not asked: no example to ask with"
    version = version_of(want, world)
    with step(world.tell, "smoke", name) as said:
        outcome = smoke(world.cloud, name, built.question, qualifier=version)
        if outcome.wrong:
            raise SmokeFailedError(name, version, outcome.wrong)
        reply = outcome.reply
        start = "cold" if reply.cold else "warm"
        what = f"answers as the model does ({start}, {reply.duration_ms:.1f} ms)"
        said.say(what, cold=reply.cold, duration_ms=reply.duration_ms)
    return what


def version_of(want: Desired, world: World) -> str:
    """Number of the version that holds what is wanted; empty before there is one."""
    have = world.cloud.snapshot(want.function.name)
    version = have.holding(content_of(want.function))
    return version.number if version else ""


class Steps:
    """Passes on that a step begins; the story itself says when all are done."""

    def __init__(self, world: World) -> None:
        self._tell = world.tell

    def __call__(self, event: str, /, **fields: object) -> None:
        """Tell `apply.step`, and nothing else."""
        if event == "apply.step":
            self._tell(event, **fields)
