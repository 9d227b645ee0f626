"""The relay's life on AWS."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mlflow_serverless.plan import Actual, Foreign, Version
from mlflow_serverless.reconcile.policy import Policy
from mlflow_serverless.relay.aws import (
    TOOL,
    Sender,
    blank,
    names_of,
    relayed,
    secret_of,
)
from mlflow_serverless.relay.errors import RelayMissingError
from mlflow_serverless.relay.filter import Filter, read
from mlflow_serverless.tools import deploy as tools
from mlflow_serverless.tools.configured import configured
from mlflow_serverless.tools.deploy import Proposed
from mlflow_serverless.tools.desired import ALIAS, Wanted
from mlflow_serverless.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A relay that is there."""

    name: str
    url: str
    """Where events are to be posted."""
    version: str
    image: str
    """By digest."""
    repository: str
    """`OWNER/NAME` that it dispatches to."""
    event_type: str
    """Empty for the usual one."""
    filters: tuple[Filter, ...]
    created: str
    """When its version was published; ISO 8601."""


def propose(  # noqa: PLR0913 - one argument a group of options
    name: str,
    policy: Policy,
    sender: Sender,
    world: World,
    *,
    given: Mapping[str, object],
    databricks: bool = False,
    foreign: Foreign = Foreign.REFUSE,
) -> Proposed:
    """
    What would make the relay *name* that of *policy*.

    Args:
        name: The function's.
        policy: Which events matter.
        sender: Where they go.
        world: Where it is to be.
        given: Options (`-C key=value`).
        databricks: Whether Databricks' signature is taken, too.
        foreign: What becomes of things that somebody else made.

    Raises:
        ServerlessError: As `tools.configured` and `tools.propose` raise.
    """
    place, _ = tools.where(TOOL, world)
    asked = configured(blank(name), given)
    wanted = relayed(asked.wanted, sender, policy, place, databricks=databricks)
    return tools.propose(wanted, world, allow=asked.allow, foreign=foreign)


def status(name: str, world: World) -> Standing:
    """
    What there is of the relay *name*.

    Raises:
        RelayMissingError: Nothing that serves.
        ServerlessError: As `tools.standing` raises.
    """
    have = tools.standing(_found_by(name), world)
    serving = _serving(have) if have else None
    if have is None or serving is None:
        raise RelayMissingError(world.target)
    variables = dict(serving.settings.environment)
    return Standing(
        name=name,
        url=dict(have.outputs).get("url", "") + "events",
        version=serving.number,
        image=serving.artifact,
        repository=variables.get("RELAY_REPOSITORY", ""),
        event_type=variables.get("RELAY_EVENT_TYPE", ""),
        filters=read(variables.get("RELAY_FILTERS", "[]")),
        created=serving.created,
    )


def webhook(name: str, world: World) -> tuple[str, str]:
    """
    The URL that the registry is to call, and the secret to sign with.

    Raises:
        RelayMissingError: There is no relay, or no secret of it.
    """
    _, cloud = tools.where(TOOL, world)
    secret = cloud.secret(secret_of(name))
    if secret is None:
        raise RelayMissingError(world.target)
    return status(name, world).url, secret.split()[0]


def delete(name: str, world: World) -> bool:
    """Take the relay *name* away with all that is its own; False if there is none."""
    return tools.remove(_found_by(name), world)


def _found_by(name: str) -> Wanted:
    return replace(blank(name), resources=names_of(name))


def _serving(have: Actual) -> Version | None:
    pointed = have.alias(ALIAS)
    return have.version(pointed.version) if pointed else None
