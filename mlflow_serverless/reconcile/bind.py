"""Which deployments a policy means, given the models there are; pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from mlflow_serverless import limits
from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.config.strategy import AUTO
from mlflow_serverless.reconcile.intent import Place
from mlflow_serverless.reconcile.observed import Model, matches
from mlflow_serverless.reconcile.policy import Policy, Rule, rendered
from mlflow_serverless.reconcile.settings import configured, places


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One rule for one model in one environment."""

    place: Place
    rule: Rule
    number: int
    """The rule's, from 0."""
    model: str
    """The registered model's name."""
    config: DeploymentConfig
    strategy: str
    """How traffic moves; empty where the traffic there is decides."""
    after: Place | None
    """Where the version must serve first."""
    approval: str
    problem: str = ""
    """Why this one does not count; empty if it does."""


def bindings(policy: Policy, models: Iterable[Model], target: str) -> list[Binding]:
    """
    Every deployment that *policy* means, in its order.

    Args:
        policy: The rules.
        models: Those in the registry; a rule that names one that is not there still
            means its deployment.
        target: Of environments that name none.
    """
    names = sorted(model.name for model in models)
    taken: dict[tuple[str, str], str] = {}
    found = []
    for binding in _all(policy, names, target):
        key = (binding.place.target, binding.place.name)
        owner = f"rule {binding.number + 1} for {binding.model}"
        first = taken.setdefault(key, owner)
        problem = binding.problem or (
            f"{first} means the same deployment, and comes first"
            if first != owner
            else ""
        )
        found.append(replace(binding, problem=problem))
    return found


def _all(policy: Policy, names: list[str], target: str) -> Iterator[Binding]:
    for number, rule in enumerate(policy.models):
        known = [name for name in names if matches(rule, name)]
        if not rule.is_pattern:
            known = [rule.model]
        for name in known:
            yield from _of_model(policy, number, name, target)


def _of_model(
    policy: Policy, number: int, model: str, target: str
) -> Iterator[Binding]:
    rule = policy.models[number]
    chosen = places(policy, rule)
    configs = {
        environment: configured(policy.environments[environment], rule, place)
        for environment, place in chosen.items()
    }
    where = {
        environment: Place(
            environment=environment,
            target=policy.environments[environment].target or target,
            name=rendered(
                place.name or policy.environments[environment].name,
                model=model, environment=environment,
            ),
            alias=configs[environment].alias,
        )
        for environment, place in chosen.items()
    }  # fmt: skip
    for environment in chosen:
        settings = policy.environments[environment]
        yield Binding(
            place=where[environment],
            rule=rule,
            number=number,
            model=model,
            config=configs[environment],
            strategy=_named(configs[environment]),
            after=_before(environment, policy, where),
            approval=settings.approval,
            problem=_bad_name(where[environment].name),
        )


def _named(config: DeploymentConfig) -> str:
    """Its strategy, whether a policy's `strategy` or its `config` named it."""
    return "" if config.strategy.name == AUTO else config.strategy.name


def _before(
    environment: str, policy: Policy, where: Mapping[str, Place]
) -> Place | None:
    """Where a version serves first: the nearest one that the rule passes through."""
    before = policy.environments[environment].after
    while before is not None and before not in where:
        before = policy.environments[before].after
    return where[before] if before else None


def _bad_name(name: str) -> str:
    if limits.FUNCTION_NAME.fullmatch(name):
        return ""
    return f"{name} has {len(name)} characters, a deployment's name at most 64"
