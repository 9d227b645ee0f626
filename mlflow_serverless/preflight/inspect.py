"""Every rule, one after another; each says what to type."""

from collections.abc import Callable, Iterator

from mlflow_serverless.plan.finding import Finding
from mlflow_serverless.plan.state import Desired
from mlflow_serverless.preflight import account, image, keys, options
from mlflow_serverless.preflight.facts import Facts

Rule = Callable[[Desired, Facts], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    account.looked,
    account.same_region,
    account.concurrency,
    account.code_storage,
    account.role,
    account.repository,
    keys.usable,
    keys.open_to_logs,
    keys.open_to_function,
    keys.open_to_deployer,
    options.exclusive,
    options.patience,
    options.network,
    options.memory,
    options.scratch,
    options.payload,
    image.manifest,
    image.layers,
    image.size,
    image.architecture,
    image.snapshots,
)


def inspect(want: Desired, facts: Facts) -> tuple[Finding, ...]:
    """
    All that would go wrong with *want*, as far as *facts* tell.

    Asked twice: before the model is built, which may take minutes, and again when the
    image is known. What is not known is not held against it.
    """
    return tuple(finding for rule in RULES for finding in rule(want, facts))
