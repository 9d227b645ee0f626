"""Carrying out one intent, or saying what it would take."""

from dataclasses import dataclass, replace
from typing import assert_never

from mlflow_serverless import pipeline
from mlflow_serverless.apply import apply
from mlflow_serverless.config import flat
from mlflow_serverless.lineage import Cause, Does
from mlflow_serverless.pipeline import Deployment, DeployRequest
from mlflow_serverless.pipeline.ending import Steps
from mlflow_serverless.pipeline.noting import marked
from mlflow_serverless.pipeline.rooms import Rooms
from mlflow_serverless.plan import Plan, RouteAlias, SetTags, plan_removal
from mlflow_serverless.plan.errors import AliasMovedError
from mlflow_serverless.reconcile.bind import Binding
from mlflow_serverless.reconcile.deployed import Deployed, deployed_of
from mlflow_serverless.reconcile.guard import guarded
from mlflow_serverless.reconcile.intent import (
    Change,
    Deploy,
    Promote,
    Retire,
    RollBack,
    Update,
)
from mlflow_serverless.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done, or would be."""

    steps: tuple[str, ...]
    said: str = ""
    deployment: Deployment | None = None
    does: Does | None = None
    """What it means for the model that it is about; None while a rollout goes on."""
    version: str = ""
    """The published version's number."""
    parity: str = ""
    cost: str = ""


def act(  # noqa: PLR0913, PLR0917 - an intent, and what it is carried out with
    intent: Change,
    binding: Binding,
    have: Deployed,
    world: World,
    cause: Cause,
    rooms: Rooms | None,
) -> Done:
    """
    Do what *intent* says, from where *have* was looked at.

    Raises:
        ServerlessError: Of kind CONFLICT if somebody else has moved the deployment
            since; else of the room that refused.
    """
    name = intent.place.name
    safe = replace(world, cloud=guarded(world.cloud, name, have.revision))
    match intent:
        case Deploy() | Update() | Promote():
            return _deployed(intent, binding, safe, cause, rooms)
        case RollBack():
            return _rolled_back(intent, have, safe, cause)
        case Retire():
            return _retired(intent, have, safe)
        case _:  # pragma: no cover - mypy proves it
            assert_never(intent)


def propose(
    intent: Change, binding: Binding, world: World, rooms: Rooms | None
) -> Done:
    """
    The steps that *intent* would take; nothing outside this machine is touched.

    Raises:
        ServerlessError: Of the room that would refuse.
    """
    match intent:
        case Deploy() | Update() | Promote():
            found = pipeline.plan_only(_request(intent, binding, ""), world, rooms)
            steps = tuple(str(step) for step in found.plan.steps)
            cost = "; ".join(filter(None, (found.cost, *map(str, found.costs))))
            return Done(steps=steps, parity=found.parity, cost=cost)
        case RollBack():
            return Done(steps=(str(_route(intent, None)),))
        case Retire():
            removal = plan_removal(world.cloud.snapshot(intent.place.name))
            return Done(steps=tuple(str(step) for step in removal.steps))
        case _:  # pragma: no cover - mypy proves it
            assert_never(intent)


def _request(
    intent: Deploy | Update | Promote, binding: Binding, cause: str
) -> DeployRequest:
    return DeployRequest(
        name=intent.place.name, model_uri=intent.model, given=flat(binding.config),
        cause=cause, history=False,
    )  # fmt: skip


def _deployed(
    intent: Deploy | Update | Promote,
    binding: Binding,
    world: World,
    cause: Cause,
    rooms: Rooms | None,
) -> Done:
    made = pipeline.deploy(_request(intent, binding, cause.text()), world, rooms)
    now = deployed_of(world.cloud.snapshot(made.name), intent.place.alias)
    whole = now.model == intent.model and not now.shifting
    said = f"serves {intent.model}" if whole else f"begins to serve {intent.model}"
    return Done(
        steps=made.changed, said=said, deployment=made, version=made.version,
        does=Does.SERVES if whole else None,
    )  # fmt: skip


def _route(intent: RollBack, revision: str | None) -> RouteAlias:
    place = intent.place
    return RouteAlias(place.name, place.alias, intent.version, revision=revision)


def _rolled_back(intent: RollBack, have: Deployed, world: World, cause: Cause) -> Done:
    """One move of the alias; the version is published, so nothing is built."""
    name, steps = intent.place.name, (_route(intent, have.revision),)
    apply(Plan(name, steps), world.cloud, Steps(world))
    # The registry has changed, so that what was refused before may come again.
    tags = SetTags(name, marked(world.cloud.snapshot(name), cause, refused=()))
    apply(Plan(name, (tags,)), world.cloud, Steps(world))
    return Done(
        steps=(*map(str, steps), str(tags)), said=f"serves {intent.model} again",
        does=Does.RETURNS, version=intent.version, deployment=_now(name, world),
    )  # fmt: skip


def _now(name: str, world: World) -> Deployment | None:
    now = pipeline.status(name, world)
    serving = now.serving
    if serving is None:
        return None
    return Deployment(
        name=name, target=world.target, alias=now.alias, version=serving.version,
        model=serving.model, flavor=serving.flavor, bundle=serving.artifact,
        parity=serving.parity, changed=(),
    )  # fmt: skip


def _retired(intent: Retire, have: Deployed, world: World) -> Done:
    name = intent.place.name
    now = deployed_of(world.cloud.snapshot(name), intent.place.alias)
    if now.revision != have.revision:
        raise AliasMovedError(name, intent.place.alias)
    gone = pipeline.delete(name, world)
    return Done(
        steps=(f"delete {name}",) if gone else (), said="is taken away",
        does=Does.RETIRED, version=have.version,
    )  # fmt: skip
