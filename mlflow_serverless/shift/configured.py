"""From the options to the values of this room."""

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.config.strategy import AUTO, JudgeConfig, StrategyConfig
from mlflow_serverless.shift.criteria import Criteria
from mlflow_serverless.shift.hooks import Configured
from mlflow_serverless.shift.rollout import Moment
from mlflow_serverless.shift.strategy import DEFAULT, Strategy, percents, stages_of
from mlflow_serverless.world import Alarms, Invoker


def strategy_of(config: StrategyConfig) -> Strategy:
    """
    The strategy that *config* names; `auto` means the default one.

    Raises:
        BadStrategyError: Its name or its steps make no sense.
    """
    name = DEFAULT if config.name == AUTO else config.name
    stages = stages_of(
        name,
        steps=percents(config.steps),
        bake_s=config.bake_s,
        shadow=config.shadow,
        shadow_s=config.shadow_s,
    )
    return Strategy(
        name=name,
        stages=stages,
        patience_s=config.patience_s,
        guard_s=config.guard_s,
        look_s=config.look_s,
    )


def criteria_of(config: JudgeConfig) -> Criteria:
    """What is asked of a candidate; the options have the same names."""
    return Criteria(**config.model_dump())


def alarms_of(config: DeploymentConfig, cloud: object) -> Alarms | None:
    """Who tells of alarms; None where nothing is watched, or the cloud has none."""
    return cloud if config.alarms.given and isinstance(cloud, Alarms) else None


def hooks_of(config: StrategyConfig, invoker: Invoker) -> Configured:
    """Who is asked before and after."""
    hooks = {Moment.BEFORE: config.before, Moment.AFTER: config.after}
    return Configured(hooks=hooks, invoker=invoker, timeout_s=config.hook_timeout_s)
