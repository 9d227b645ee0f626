"""Aliases as endpoints: names for versions, with their shares of traffic."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlflow_serverless.config.errors import ConfigError
from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.pipeline.look import there
from mlflow_serverless.plan import Actual, Alias, RemoveAlias, RouteAlias
from mlflow_serverless.plan.rules import check_alias_name, check_function_name
from mlflow_serverless.topology import config_of
from mlflow_serverless.wording import listed, meant
from mlflow_serverless.world import World

_WEIGHT = "weights."


class EndpointMissingError(ServerlessError):
    """The deployment has no such alias."""

    code = "endpoint-missing"
    kind = Kind.NOT_FOUND

    def __init__(self, name: str, alias: str, have: Actual) -> None:
        known = [a.name for a in have.aliases]
        super().__init__(
            f"{name} has no endpoint {alias!r}; it has {listed(known) or 'none'}.",
            hint=meant(alias, known, f"{name}:{{}}"),
        )


class EndpointExistsError(ServerlessError):
    """The alias is there, and routes otherwise."""

    code = "endpoint-exists"
    kind = Kind.CONFLICT

    def __init__(self, endpoint: str, version: str) -> None:
        super().__init__(
            f"the endpoint {endpoint} exists and sends traffic to version {version}.",
            hint="update_endpoint moves it.",
        )


class EndpointInUseError(ServerlessError):
    """The alias is the one that the deployment itself is called by."""

    code = "endpoint-in-use"
    kind = Kind.CONFLICT

    def __init__(self, endpoint: str, name: str) -> None:
        super().__init__(
            f"{endpoint} is where {name} is called; without it nobody could.",
            hint=f"delete the deployment {name} as a whole.",
        )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`name:alias`."""

    name: str
    alias: str

    def __str__(self) -> str:
        return f"{self.name}:{self.alias}"


def endpoint_of(text: str) -> Endpoint:
    """
    Read `name:alias`, or `name` alone for its `live` alias.

    Raises:
        BadNameError: Not names that AWS would take.
    """
    name, _, alias = text.partition(":")
    check_function_name(name)
    check_alias_name(alias or "live")
    return Endpoint(name, alias or "live")


def endpoints(world: World) -> list[tuple[str, Alias]]:
    """Every (deployment, alias)."""
    looks = (world.cloud.snapshot(name) for name in world.cloud.names())
    return [(have.name, alias) for have in looks for alias in have.aliases]


def find(endpoint: Endpoint, world: World) -> Alias:
    """
    The alias behind *endpoint*.

    Raises:
        DeploymentMissingError, EndpointMissingError: It is not there.
    """
    have = there(endpoint.name, world.cloud)
    alias = have.alias(endpoint.alias)
    if alias is None:
        raise EndpointMissingError(endpoint.name, endpoint.alias, have)
    return alias


def create(endpoint: Endpoint, given: Mapping[str, object], world: World) -> Alias:
    """
    Make the alias; nothing if it is there already and routes the same.

    Raises:
        EndpointExistsError: It is there, and routes otherwise.
        ConfigError: The routing is not one.
    """
    have = there(endpoint.name, world.cloud)
    wish = _routing(endpoint, given, have, None)
    now = have.alias(endpoint.alias)
    if now is not None and (now.version, now.weights) != (wish.version, wish.weights):
        raise EndpointExistsError(str(endpoint), now.version)
    return _routed(wish, endpoint, world)


def update(endpoint: Endpoint, given: Mapping[str, object], world: World) -> Alias:
    """
    Route the alias as *given* says.

    Raises:
        EndpointMissingError: It is not there.
        ConfigError: The routing is not one.
    """
    now = find(endpoint, world)
    have = there(endpoint.name, world.cloud)
    return _routed(_routing(endpoint, given, have, now), endpoint, world)


def remove(endpoint: Endpoint, world: World) -> None:
    """
    Take the alias away; nothing if it is not there.

    Raises:
        EndpointInUseError: It is the deployment's own.
    """
    have = world.cloud.snapshot(endpoint.name)
    if have.alias(endpoint.alias) is None:
        return
    if config_of(have).alias == endpoint.alias:
        raise EndpointInUseError(str(endpoint), endpoint.name)
    world.cloud.perform(RemoveAlias(endpoint.name, endpoint.alias))
    world.tell("endpoint.done", what=f"{endpoint} is removed")


def _routed(wish: RouteAlias, endpoint: Endpoint, world: World) -> Alias:
    world.cloud.perform(wish)
    made = find(endpoint, world)
    world.tell("endpoint.done", what=f"{endpoint} serves version {made.version}")
    return made


def _routing(
    endpoint: Endpoint, given: Mapping[str, object], have: Actual, now: Alias | None
) -> RouteAlias:
    version = have.versions[-1].number if have.versions else ""
    version = now.version if now else version
    weights: dict[str, float] = {}
    mistakes = []
    for key, value in given.items():
        if key == "version":
            version = str(value)
        elif key.startswith(_WEIGHT):
            try:
                weights[key.removeprefix(_WEIGHT)] = float(str(value))
            except ValueError:
                mistakes.append(f"{key}={value}: is no share of traffic, 0 to 1")
        else:
            mistakes.append(f"{key}: unknown key; an endpoint has version, weights.N")
    if mistakes:
        raise ConfigError(mistakes)
    return RouteAlias(
        endpoint.name,
        endpoint.alias,
        version,
        tuple(sorted(weights.items())),
        revision=now.revision if now else None,
    )
