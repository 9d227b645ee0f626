"""How one rule's deployment is configured in one environment; pure."""

from collections.abc import Iterator

from mlflow_serverless.config import DeploymentConfig, from_flat
from mlflow_serverless.config.describe import options
from mlflow_serverless.config.errors import ConfigError, ConfigFileError
from mlflow_serverless.reconcile.policy import Environment, Place, Policy, Rule


def strategy_key() -> str:
    """The option that a policy's `strategy` sets; empty where traffic moves at once."""
    keys = {option.key for option in options()}
    return next((key for key in ("strategy.name", "strategy") if key in keys), "")


def configured(environment: Environment, rule: Rule, place: Place) -> DeploymentConfig:
    """
    The environment's configuration, the rule's over it, the place's over both.

    Raises:
        ConfigError: With every mistake and its key.
    """
    config = DeploymentConfig()
    for given in (environment.config, rule.config, place.config):
        config = from_flat(given, config)
    strategy = strategy_of(environment, rule, place)
    key = strategy_key()
    return from_flat({key: strategy}, config) if strategy and key else config


def strategy_of(environment: Environment, rule: Rule, place: Place) -> str:
    """How new versions get their traffic; empty for the default."""
    return place.strategy or rule.strategy or environment.strategy or ""


def places(policy: Policy, rule: Rule) -> dict[str, Place]:
    """The environments that *rule* passes through, each after those before it."""
    chosen = rule.environments
    return {
        name: Place() if chosen is None else chosen[name]
        for name in sorted(policy.environments, key=lambda name: _depth(policy, name))
        if chosen is None or name in chosen
    }


def _depth(policy: Policy, name: str) -> int:
    """How many environments come before *name*."""
    before = policy.environments[name].after
    return 0 if before is None else 1 + _depth(policy, before)


def mistakes_in(policy: Policy) -> list[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the configurations, each with where it stands."""
    found: dict[tuple[tuple[str | int, ...], str], None] = {}
    for number, rule in enumerate(policy.models):
        for name, place in places(policy, rule).items():
            environment = policy.environments[name]
            for path, given in (
                (("environments", name), environment),
                (("models", number), rule),
                (("models", number, "environments", name), place),
            ):
                found |= dict.fromkeys((path, said) for said in _wrong(given))
    return list(found)


def _wrong(given: Environment | Rule | Place) -> Iterator[str]:
    asked, key = {**given.config}, strategy_key()
    if given.strategy and key:
        asked[key] = given.strategy
    try:
        from_flat(asked, DeploymentConfig())
    except ConfigError as error:
        yield from error.mistakes
    except ConfigFileError as error:
        yield error.message
