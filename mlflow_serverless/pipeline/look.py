"""Looking at what is deployed; changes nothing."""

from dataclasses import dataclass

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.pipeline.desired import origin_of, tag
from mlflow_serverless.pipeline.errors import (
    DeploymentMissingError,
    NotADeploymentError,
)
from mlflow_serverless.pipeline.request import Published
from mlflow_serverless.plan import Actual, Version, names
from mlflow_serverless.topology import config_of
from mlflow_serverless.wording import meant
from mlflow_serverless.world import Control, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One deployment as it is now."""

    name: str
    target: str
    alias: str
    serving: Published | None
    """The version that gets (most of) the alias's traffic; None before the first."""
    flavor: str
    config: DeploymentConfig
    versions: int
    actual: Actual


def status(name: str, world: World) -> Status:
    """
    What is under *name*.

    Raises:
        DeploymentMissingError: Nothing is.
    """
    have = there(name, world.cloud)
    config = config_of(have)
    alias = have.alias(config.alias)
    version = have.version(alias.version) if alias else None
    return Status(
        name=name,
        target=world.target,
        alias=config.alias,
        serving=published(version, have) if version else None,
        flavor=tag(have, "flavor"),
        config=config,
        versions=len(have.versions),
        actual=have,
    )


def listing(world: World) -> list[Status]:
    """Every deployment of ours, by name."""
    found = []
    for name in world.cloud.names():
        try:
            found.append(status(name, world))
        except DeploymentMissingError:
            continue  # deleted between the two looks
    return found


def history(name: str, world: World) -> list[Published]:
    """
    Every version of *name*, newest first.

    Raises:
        DeploymentMissingError: There is no such deployment.
    """
    have = there(name, world.cloud)
    return [published(version, have) for version in reversed(have.versions)]


def published(version: Version, have: Actual) -> Published:
    """*version*, with what its note says of it and who sends it traffic."""
    origin = origin_of(version)
    return Published(
        version=version.number,
        model=origin.model,
        model_id=origin.model_id,
        flavor=origin.flavor,
        parity=origin.parity,
        artifact=version.artifact,
        memory_mb=version.settings.memory_mb,
        created=version.created,
        by=origin.by,
        aliases=tuple(_traffic(version.number, have)),
    )


def there(name: str, control: Control) -> Actual:
    """
    What is under *name*.

    Raises:
        DeploymentMissingError: Nothing is; says what exists.
        NotADeploymentError: It is a function of ours that serves no model.
    """
    have = snapshot(name, control)
    if have.function is None:
        known = control.names()
        raise DeploymentMissingError(name, known, meant(name, known))
    return have


def snapshot(name: str, control: Control) -> Actual:
    """
    What is under *name*, which may be nothing.

    Raises:
        NotADeploymentError: It is a function of ours that serves no model.
    """
    have = control.snapshot(name)
    if tool := dict(have.tags).get(names.TOOL):
        raise NotADeploymentError(name, tool)
    return have


def _traffic(number: str, have: Actual) -> list[str]:
    found = []
    for alias in have.aliases:
        shares = dict(alias.weights)
        rest = 1 - sum(shares.values())
        share = rest if alias.version == number else shares.get(number, 0.0)
        if share > 0:
            found.append(alias.name if share == 1 else f"{alias.name} {share:.0%}")
    return found
