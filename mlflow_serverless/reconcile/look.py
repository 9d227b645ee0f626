"""Looking at everything that intents depend on, in the order that makes it safe."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.reconcile.bind import Binding, bindings
from mlflow_serverless.reconcile.decide import Told, intents
from mlflow_serverless.reconcile.deployed import Deployed, deployed_of
from mlflow_serverless.reconcile.errors import NothingNamedError
from mlflow_serverless.reconcile.intent import Intent, Place
from mlflow_serverless.reconcile.observed import Model
from mlflow_serverless.reconcile.policy import Policy
from mlflow_serverless.reconcile.registry import Registry
from mlflow_serverless.world import World

Worlds = Callable[[str], World]
"""Target to World."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that one pass needs from outside, and what it was told."""

    policy: Policy
    registry: Registry
    worlds: Worlds
    target: str
    """Of environments that name none."""
    told: Told = field(default_factory=Told)
    only: tuple[str, ...] = ()
    """Models, deployments or environments to keep to; all, if empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One look at everything."""

    bound: tuple[Binding, ...]
    models: tuple[Model, ...]
    looks: Mapping[Place, Deployed]
    failures: Mapping[Place, ServerlessError]
    """Deployments that could not be looked at."""
    intents: tuple[Intent, ...]


def look(scene: Scene) -> View:
    """
    Look at the deployments first, and then read the registry.

    In this order a deployment that nobody has moved since the look may be moved to what
    the registry said; see `guard`.

    Raises:
        ServerlessError: The registry cannot be read; `only` or `retry` names nothing.
    """
    rules = scene.policy.models
    named = bindings(scene.policy, scene.registry.models(rules), scene.target)
    _refuse_unknown(scene.told.retry, named)
    looks, failures = _looks(_chosen(named, scene.only), scene.worlds)
    models = scene.registry.models(rules)
    bound = tuple(_chosen(bindings(scene.policy, models, scene.target), scene.only))
    late = [b for b in bound if b.place not in looks and b.place not in failures]
    more, failed = _looks(late, scene.worlds)
    looks, failures = {**looks, **more}, {**failures, **failed}
    return View(
        bound=bound,
        models=models,
        looks=looks,
        failures=failures,
        intents=intents(bound, models, looks, scene.told),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """One deployment, looked at afresh."""

    intent: Intent
    have: Deployed
    model: Model | None
    """In the registry; None if it is not there."""


def look_again(scene: Scene, binding: Binding) -> Again:
    """
    Look at one deployment as `look` does at all.

    Raises:
        ServerlessError: It or the registry cannot be reached.
    """
    looks, failures = _looks([binding], scene.worlds)
    if binding.place in failures:
        raise failures[binding.place]
    models = scene.registry.models([binding.rule])
    (intent,) = intents([binding], models, looks, scene.told)
    model = next((m for m in models if m.name == binding.model), None)
    return Again(intent=intent, have=looks[binding.place], model=model)


def _looks(
    bound: Iterable[Binding], worlds: Worlds
) -> tuple[dict[Place, Deployed], dict[Place, ServerlessError]]:
    looks: dict[Place, Deployed] = {}
    failures: dict[Place, ServerlessError] = {}
    for binding in bound:
        for place in filter(None, (binding.place, binding.after)):
            if place in looks or place in failures:
                continue
            try:
                have = worlds(place.target).cloud.snapshot(place.name)
                looks[place] = deployed_of(have, place.alias)
            except ServerlessError as error:
                failures[place] = error
    return looks, failures


def _refuse_unknown(retry: Iterable[str], bound: Iterable[Binding]) -> None:
    """A retry of what there is not would be none, and nobody would be told."""
    known = sorted({binding.place.name for binding in bound})
    if unknown := sorted(set(retry) - set(known)):
        kinds = "deployment"
        raise NothingNamedError(unknown, known, option="--retry", kinds=kinds)


def _chosen(bound: Sequence[Binding], only: tuple[str, ...]) -> list[Binding]:
    names = [{b.model, b.place.name, b.place.environment} for b in bound]
    known = sorted({name for each in names for name in each})
    if unknown := [name for name in only if name not in known]:
        kinds = "model, deployment or environment"
        raise NothingNamedError(unknown, known, option="--only", kinds=kinds)
    chosen = set(only)
    return [
        binding
        for binding, each in zip(bound, names, strict=True)
        if not only or chosen & each
    ]
