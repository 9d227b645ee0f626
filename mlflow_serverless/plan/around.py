"""What steps on artifacts, resources and old versions mean; see `effect`."""

from dataclasses import replace

from mlflow_serverless.plan.errors import (
    ArtifactInUseError,
    BadRoutingError,
    ForeignError,
    NoSuchFunctionError,
    VersionInUseError,
)
from mlflow_serverless.plan.resources import (
    AFTER,
    INSIDE,
    FunctionUrl,
    HttpApi,
    Permission,
    ProvisionedConcurrency,
    Resource,
    described,
    key_of,
    rank,
)
from mlflow_serverless.plan.state import Actual
from mlflow_serverless.plan.steps import (
    ChangeResource,
    MakeResource,
    PutArtifact,
    RemoveArtifact,
    RemoveResource,
    RemoveVersion,
)


def kept(step: PutArtifact, have: Actual) -> Actual:
    """With the artifact."""
    return replace(have, artifacts=tuple(sorted({*have.artifacts, step.artifact})))


def dropped(step: RemoveArtifact, have: Actual) -> Actual:
    """Without the artifact."""
    if have.needs(step.artifact):
        raise ArtifactInUseError(have.name, step.artifact)
    return replace(
        have, artifacts=tuple(a for a in have.artifacts if a != step.artifact)
    )


def made(step: MakeResource | ChangeResource, have: Actual) -> Actual:
    """
    With the resource, exactly so; one of somebody else's is taken over if it is
    changed, and refused if it is to be made.
    """
    key = key_of(step.resource)
    others = tuple(r for r in have.foreign if key_of(r) != key)
    if isinstance(step, MakeResource) and others != have.foreign:
        raise ForeignError(have.name, (described(step.resource),))
    if isinstance(step.resource, AFTER) and have.function is None:
        raise NoSuchFunctionError(have.name)
    if isinstance(step.resource, ProvisionedConcurrency):
        _keepable(step.resource.qualifier, have)
    rest = (r for r in have.resources if key_of(r) != key)
    return replace(have, resources=ordered((*rest, step.resource)), foreign=others)


def _keepable(qualifier: str, have: Actual) -> None:
    """Refuse to keep environments started where Lambda does not."""
    alias = have.alias(qualifier)
    if alias is not None and alias.weights:
        raise BadRoutingError(
            qualifier, "it shares its traffic; put it on the versions"
        )
    kept = {
        r.qualifier for r in have.resources if isinstance(r, ProvisionedConcurrency)
    }
    for other in have.aliases:
        both = {other.name, other.version}
        if qualifier in both and kept & (both - {qualifier}):
            raise BadRoutingError(other.name, f"version {other.version} is kept twice")


def removed(step: RemoveResource, have: Actual) -> Actual:
    """Without the resource; one of somebody else's stays."""
    key = key_of(step.resource)
    return replace(have, resources=tuple(r for r in have.resources if key_of(r) != key))


def forgotten(step: RemoveVersion, have: Actual) -> Actual:
    """Without the version; never one that gets traffic, or is kept started."""
    users = tuple(
        alias.name
        for alias in have.aliases
        if step.version in {alias.version, *(number for number, _ in alias.weights)}
    )
    if users:
        raise VersionInUseError(have.name, step.version, users)
    left = tuple(v for v in have.versions if v.number != step.version)
    return without_qualifier(step.version, replace(have, versions=left))


def without_qualifier(qualifier: str, have: Actual) -> Actual:
    """Without what goes with an alias or a version by itself."""
    left = (
        r
        for r in have.resources
        if not (isinstance(r, INSIDE) and qualifier_of(r) == qualifier)
    )
    return replace(have, resources=tuple(left))


def deleted(have: Actual) -> Actual:
    """Without the function and all that is inside it; the rest stays."""
    around = tuple(r for r in have.resources if not isinstance(r, INSIDE))
    return Actual(
        name=have.name,
        artifacts=have.artifacts,
        resources=around,
        foreign=have.foreign,
    )


def ordered(resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """By rank, then by name."""
    return tuple(sorted(resources, key=lambda r: (rank(r), r.name)))


def qualifier_of(resource: Resource) -> str:
    """The alias or version that a resource belongs to; empty if to none."""
    belonging = ProvisionedConcurrency | FunctionUrl | Permission | HttpApi
    return resource.qualifier if isinstance(resource, belonging) else ""
