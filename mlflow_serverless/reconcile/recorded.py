"""Writing down what served when, and reading it again."""

from collections.abc import Iterable
from typing import Any

from mlflow_serverless.lineage import Does, Move
from mlflow_serverless.lineage.best_effort import best_effort, knock
from mlflow_serverless.lineage.moves import moves_in
from mlflow_serverless.pipeline import Deployment
from mlflow_serverless.pipeline.desired import origin_of
from mlflow_serverless.plan import Actual
from mlflow_serverless.provenance import said_of, withdraw
from mlflow_serverless.reconcile.deployed import Deployed
from mlflow_serverless.reconcile.intent import Place
from mlflow_serverless.reconcile.observed import Model
from mlflow_serverless.reconcile.registry import Registry
from mlflow_serverless.world import Tell

_WARNING = "reconcile.warning"


def record(
    registry: Registry, place: Place, does: Does, *, tell: Tell, **said: Any
) -> None:
    """
    Keep one move with the model version that it is about.

    Never fails a pass: what serves matters more than its note.
    """
    move = Move(
        deployment=place.name, target=place.target, environment=place.environment,
        does=does, **said,
    )  # fmt: skip
    if not move.model.startswith("models:/"):
        return
    with best_effort(tell, _WARNING):
        knock()
        registry.tag(move.model, *move.as_tag())


def restate(registry: Registry, before: str, now: Deployment, *, tell: Tell) -> None:
    """
    Say on the models which of them is served: not *before* any more, but *now*'s.

    Args:
        registry: Where they are.
        before: URI of the model that was served.
        now: What serves.
        tell: Told what could not be written.
    """
    if before != now.model:
        withdraw(before, now.name, tell)
    with best_effort(tell, _WARNING):
        knock()
        for key, value in said_of(now).items():
            registry.tag(now.model, key, value)


def unrecorded(
    place: Place, have: Deployed, model: Model | None, *, where: str
) -> Does | None:
    """
    What to write down of a deployment that serves without any note of it.

    Args:
        place: The deployment.
        have: What it serves.
        model: The registered model that its versions belong to.
        where: What its target means.

    Returns:
        None where the history's last word on *place* says just this.
    """
    if model is None or not have.version:
        return None
    ours = {"target": place.target, "where": where}
    moves = [m for m in _moves(model) if m.is_of(place.name, **ours)]
    last = max(moves, key=lambda move: move.at, default=None)
    known = {model.uri(version) for version in model.versions}
    if have.model not in known:
        return None
    if last is not None and last.does is not Does.RETIRED and last.model == have.model:
        return None
    return Does.SERVES


def models_of(have: Actual, registry: Registry) -> list[str]:
    """
    Names of the registered models that a deployment has served.

    Where it is gone, any model may have been: its history outlives it.
    """
    uris = {origin_of(version).model for version in have.versions}
    found = {
        uri.removeprefix("models:/").rpartition("/")[0]
        for uri in uris
        if uri.startswith("models:/")
    }
    return sorted(found - {""}) or list(registry.names())


def timeline(
    name: str, target: str, models: Iterable[str], registry: Registry, *, where: str
) -> list[Move]:
    """
    Every move of the deployment *name*, newest first.

    Args:
        name: The deployment's.
        target: As typed.
        models: Names of the registered models that it may have served.
        registry: Where their tags are.
        where: What *target* means: other ways to type it lead to the same moves.
    """
    found = [
        move
        for model in models
        for uri, tags in registry.tags(model)
        for move in moves_in(tags, uri)
        if move.is_of(name, target=target, where=where)
    ]
    return sorted(found, key=lambda move: move.at, reverse=True)


def _moves(model: Model) -> Iterable[Move]:
    for version in model.versions:
        yield from moves_in(version.tags, model.uri(version))
