"""Deciding what to change; pure."""

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum

from mlflow_serverless.plan.control import BESIDE, LAST, Controller
from mlflow_serverless.plan.errors import ForeignError
from mlflow_serverless.plan.guard import guarded
from mlflow_serverless.plan.resources import (
    AFTER,
    BEFORE,
    INSIDE,
    ProvisionedConcurrency,
    Resource,
    described,
    key_of,
    rank,
    stays,
)
from mlflow_serverless.plan.rules import check
from mlflow_serverless.plan.state import Actual, Desired, content_of
from mlflow_serverless.plan.steps import (
    ChangeResource,
    ChangeSettings,
    CreateFunction,
    DeleteFunction,
    MakeResource,
    Plan,
    PointAlias,
    PublishVersion,
    PutArtifact,
    RemoveArtifact,
    RemoveResource,
    ReplaceArtifact,
    SetTags,
    Step,
)


class Foreign(Enum):
    """What becomes of things under our names that somebody else made."""

    REFUSE = "refuse"
    ADOPT = "adopt"
    """They are made as we want them, and are ours from then on."""


def plan(want: Desired, have: Actual, *, foreign: Foreign = Foreign.REFUSE) -> Plan:
    """
    The steps that turn *have* into *want*; none, if they agree.

    What a function needs is made before it, what needs the alias after it; what is
    wanted no longer goes before traffic moves if it is in front of the alias, and
    last of all if the function, or a rollout, needed it.

    Raises:
        ForeignError: Somebody else made what has one of our names.
        ServerlessError: No cloud could make *want*: a bad name, or settings, tags
            or a note beyond AWS's limits.
    """
    check(want)
    if foreign is Foreign.REFUSE and (taken := foreign_to(want, have)):
        raise ForeignError(want.function.name, taken)
    if foreign is Foreign.REFUSE:
        want = replace(want, resources=tuple(_ours(want, have)))
    return Plan(want.function.name, tuple(_steps(want, have)))


def foreign_to(want: Desired, have: Actual) -> tuple[str, ...]:
    """What *want* would change that we did not make, in words."""
    wanted = {key_of(r) for r in want.resources if not stays(r)}
    function = () if have.owned else (f"function {have.name}",)
    return (*function, *(described(r) for r in have.foreign if key_of(r) in wanted))


def _ours(want: Desired, have: Actual) -> Iterator[Resource]:
    """What several share and somebody else made is used as it is."""
    taken = {key_of(r) for r in have.foreign}
    yield from (r for r in want.resources if not stays(r) or key_of(r) not in taken)


def _steps(want: Desired, have: Actual) -> Iterator[Step]:
    name, content = want.function.name, content_of(want.function)
    if have.serves(want.alias, content):
        want = replace(want, resources=tuple(_where_kept(want, have)))
    yield from _brought_about(want, have, BEFORE)
    yield from _put(want, have)
    yield from _function(want, have)
    yield from _brought_about(want, have, BESIDE)
    if have.holding(content) is None:
        yield PublishVersion(name, content, want.note)
    yield from _given_up(want, have, AFTER)
    if not have.serves(want.alias, content):
        now = have.alias(want.alias)
        revision = now.revision if now else ""
        yield PointAlias(name, want.alias, content, revision)
    yield from _brought_about(want, have, (*AFTER, *LAST))
    yield from _given_up(want, have, (*LAST, *BESIDE))
    yield from _given_up(want, have, BEFORE)


def _where_kept(want: Desired, have: Actual) -> Iterator[Resource]:
    """
    What is kept started for the version itself is what is wanted for its alias.

    A rollout has left it there: Lambda shares no traffic of an alias that has it.
    """
    pointed = have.alias(want.alias)
    for resource in want.resources:
        if pointed and isinstance(resource, ProvisionedConcurrency):
            moved = replace(resource, qualifier=pointed.version)
            yield resource if have.resource(key_of(moved)) is None else moved
        else:
            yield resource


def _put(want: Desired, have: Actual) -> Iterator[Step]:
    function = want.function
    beside = (r.artifact for r in want.resources if isinstance(r, Controller))
    for address in (function.artifact, function.settings.model_url, *beside):
        if address and address not in have.artifacts and not have.needs(address):
            yield PutArtifact(function.name, address)


def _function(want: Desired, have: Actual) -> Iterator[Step]:
    name, wanted, there = want.function.name, want.function, have.function
    if there is None:
        yield CreateFunction(wanted, want.tags)
        return
    architecture = wanted.settings.architecture
    if (there.artifact, there.settings.architecture) != (
        wanted.artifact, architecture,
    ):  # fmt: skip
        yield ReplaceArtifact(name, wanted.artifact, architecture)
    if there.settings != wanted.settings:
        yield ChangeSettings(name, wanted.settings)
    if have.tags != want.tags:
        yield SetTags(name, want.tags)


_Kinds = tuple[type[Resource], ...]


def _brought_about(want: Desired, have: Actual, kinds: _Kinds) -> Iterator[Step]:
    """Make and change, in the order of dependence."""
    taken = {key_of(r) for r in have.foreign}
    for resource in sorted(want.resources, key=rank):
        there = have.resource(key_of(resource))
        if not isinstance(resource, kinds) or there == resource:
            continue
        known = there is not None or key_of(resource) in taken
        yield (ChangeResource if known else MakeResource)(want.function.name, resource)


def _given_up(want: Desired, have: Actual, kinds: _Kinds) -> Iterator[Step]:
    """Remove what is wanted no longer, in reverse."""
    wanted = {key_of(r) for r in want.resources}
    pointed = have.alias(want.alias)
    serving = dict(pointed.weights).keys() | {pointed.version} if pointed else set()
    for resource in sorted(have.resources, key=rank, reverse=True):
        unwanted = isinstance(resource, kinds) and key_of(resource) not in wanted
        # The alarms of a rollout go with it.
        if unwanted and not stays(resource) and guarded(resource) not in serving:
            yield RemoveResource(have.name, resource)


def plan_removal(have: Actual) -> Plan:
    """
    The steps after which nothing of ours is left under the name.

    Raises:
        ForeignError: The function was made by somebody else.
    """
    if not have.owned:
        raise ForeignError(have.name, (f"function {have.name}",))
    return Plan(have.name, tuple(_removal(have)))


def _removal(have: Actual) -> Iterator[Step]:
    mine = [r for r in have.resources if not stays(r)]
    mine.sort(key=rank, reverse=True)
    for resource in mine:
        if isinstance(resource, (*AFTER, *BESIDE, *LAST)) and not isinstance(
            resource, INSIDE
        ):
            yield RemoveResource(have.name, resource)
    if have.function is not None or have.versions or have.aliases:
        yield DeleteFunction(have.name)
    for artifact in have.artifacts:
        yield RemoveArtifact(have.name, artifact)
    for resource in mine:
        if isinstance(resource, BEFORE):
            yield RemoveResource(have.name, resource)
