"""How one rule's deployment is configured in one environment; pure."""

import re
from collections.abc import Iterator, Mapping

from mlflow_serverless.config import DeploymentConfig, from_flat
from mlflow_serverless.config.describe import options
from mlflow_serverless.config.errors import ConfigError, ConfigFileError
from mlflow_serverless.reconcile.policy import Environment, Place, Policy, Rule
from mlflow_serverless.wiring import LOCAL, TargetError, aws_target

Where = tuple[str | int, ...]
Mistake = tuple[Where, str]
"""Where in the policy, and what."""

_KEYED = re.compile(r"([\w.-]+)(=.*?)?: (.+)", re.DOTALL)
"""`memory: unknown key`, `timeout_s=soon: input should be …`."""


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


def mistakes_in(
    environments: Mapping[str, Environment], rules: Mapping[int, Rule]
) -> list[Mistake]:
    """
    What is wrong with configurations and targets, each with where it stands.

    Args:
        environments: By name; those that are sound in themselves.
        rules: By number; likewise.
    """
    found: list[Mistake] = []
    for name, environment in environments.items():
        where: Where = ("environments", name)
        found += [*_wrong(environment, where), *_wrong_target(environment, where)]
    for number, rule in rules.items():
        where = ("models", number)
        found += _wrong(rule, where)
        for name, place in (rule.environments or {}).items():
            found += _wrong(place, (*where, "environments", name))
    return found


def _wrong_target(given: Environment, where: Where) -> Iterator[Mistake]:
    target = given.target
    try:
        if target is not None and target != LOCAL:
            aws_target(target, {})
    except TargetError as error:
        yield (*where, "target"), f"{error.message.rstrip('.')}; {error.hint}"


def _wrong(given: Environment | Rule | Place, where: Where) -> Iterator[Mistake]:
    asked, key = {**given.config}, strategy_key()
    if given.strategy and key:
        asked[key] = given.strategy
    try:
        from_flat(asked, DeploymentConfig())
    except ConfigError as error:
        for mistake in error.mistakes:
            yield _located(mistake, given, where)
    except ConfigFileError as error:
        yield (*where, "config"), error.message


def _located(said: str, given: Environment | Rule | Place, where: Where) -> Mistake:
    """A configuration's mistake, at the key that it is about."""
    found = _KEYED.fullmatch(said)
    if found is None:
        return (*where, "config"), said
    key, value, what = found.groups()
    if key == strategy_key() and given.strategy:
        return (*where, "strategy"), what
    path = (*where, "config", *key.split("."))
    return path, f"{what}, not {value[1:]}" if value else what
