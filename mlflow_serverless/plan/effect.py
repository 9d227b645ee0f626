"""What each step means: a pure function from one look to the next.

This is the reference that every cloud is held to. The embedded cloud and the tests'
fake perform steps by it; AWS's is held to it by the conformance suite.
"""

from dataclasses import dataclass, replace
from typing import assert_never

from mlflow_serverless.plan import around, rules
from mlflow_serverless.plan.errors import (
    AliasMovedError,
    FunctionExistsError,
    FunctionMovedError,
    NoSuchFunctionError,
    NoSuchVersionError,
)
from mlflow_serverless.plan.state import Actual, Alias, Function, Version, content_of
from mlflow_serverless.plan.steps import (
    ChangeResource,
    ChangeSettings,
    CreateFunction,
    DeleteFunction,
    MakeResource,
    PointAlias,
    PublishVersion,
    PutArtifact,
    RemoveAlias,
    RemoveArtifact,
    RemoveResource,
    RemoveVersion,
    ReplaceArtifact,
    RouteAlias,
    SetTags,
    Step,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """What a cloud gives to things when they are made."""

    number: str
    """The next version's number; never used before, even by a deleted function."""
    revision: str
    """The next revision of an alias; never used before."""
    created: str
    """Now, in ISO 8601."""


def after(step: Step, have: Actual, fresh: Fresh) -> Actual:  # noqa: PLR0911 - one case a step
    """
    What is there once *step* is taken; *have* itself if it was taken before.

    Raises:
        ServerlessError: The step cannot be taken; see `errors`.
    """
    match step:
        case PutArtifact():
            return around.kept(step, have)
        case RemoveArtifact():
            return around.dropped(step, have)
        case MakeResource() | ChangeResource():
            return around.made(step, have)
        case RemoveResource():
            return around.removed(step, have)
        case RemoveVersion():
            return around.forgotten(step, have)
        case DeleteFunction():
            return around.deleted(have)
        case RemoveAlias():
            return _unnamed(step, have)
        case _:
            return _on_function(step, have, fresh)


_OnFunction = (
    CreateFunction
    | ReplaceArtifact
    | ChangeSettings
    | SetTags
    | PublishVersion
    | PointAlias
    | RouteAlias
)


def _on_function(step: _OnFunction, have: Actual, fresh: Fresh) -> Actual:  # noqa: PLR0911 - one case a step
    match step:
        case CreateFunction():
            return _created(step, have)
        case ReplaceArtifact():
            return _replaced(step, have)
        case ChangeSettings():
            rules.check_settings(have.name, step.settings)
            function = replace(_there(have), settings=step.settings)
            return replace(have, function=function)
        case SetTags():
            rules.check_tags(have.name, step.tags)
            _there(have)
            return replace(have, tags=step.tags, owned=True)
        case PublishVersion():
            return _published(step, have, fresh)
        case PointAlias():
            return _pointed(step, have, fresh)
        case RouteAlias():
            return _routed(step, have, fresh)
        case _:  # pragma: no cover - mypy proves it
            assert_never(step)


def _there(have: Actual) -> Function:
    if have.function is None:
        raise NoSuchFunctionError(have.name)
    return have.function


def _created(step: CreateFunction, have: Actual) -> Actual:
    rules.check_function_name(have.name)
    rules.check_settings(have.name, step.function.settings)
    rules.check_tags(have.name, step.tags)
    made = replace(have, function=step.function, tags=step.tags)
    if have.function is not None and made != have:
        raise FunctionExistsError(have.name)
    return made


def _replaced(step: ReplaceArtifact, have: Actual) -> Actual:
    function = _there(have)
    architecture = step.architecture or function.settings.architecture
    settings = replace(function.settings, architecture=architecture)
    changed = replace(function, artifact=step.artifact, settings=settings)
    return replace(have, function=changed)


def _unnamed(step: RemoveAlias, have: Actual) -> Actual:
    left = tuple(a for a in have.aliases if a.name != step.alias)
    return around.without_qualifier(step.alias, replace(have, aliases=left))


def _published(step: PublishVersion, have: Actual, fresh: Fresh) -> Actual:
    function = _there(have)
    if have.holding(step.content) is not None:
        return have
    rules.check_note(have.name, step.note)
    if content_of(function) != step.content:
        raise FunctionMovedError(have.name)
    version = Version(
        number=fresh.number,
        content=step.content,
        artifact=function.artifact,
        settings=function.settings,
        note=step.note,
        created=fresh.created,
    )
    return replace(have, versions=(*have.versions, version))


def _pointed(step: PointAlias, have: Actual, fresh: Fresh) -> Actual:
    _there(have)
    rules.check_alias_name(step.alias)
    if have.serves(step.alias, step.content):
        return have
    version = have.holding(step.content)
    if version is None:
        raise NoSuchVersionError(have.name, step.content, _numbers(have))
    _unmoved(have, step.alias, step.revision)
    return _with(
        have,
        Alias(name=step.alias, version=version.number, revision=fresh.revision),
    )


def _routed(step: RouteAlias, have: Actual, fresh: Fresh) -> Actual:
    _there(have)
    rules.check_alias_name(step.alias)
    rules.check_routing(have, step.alias, step.version, step.weights)
    rules.check_note(have.name, step.note)
    now = have.alias(step.alias)
    made = Alias(
        name=step.alias, version=step.version, weights=step.weights, note=step.note,
        revision=fresh.revision,
    )  # fmt: skip
    if now is not None and replace(made, revision=now.revision) == now:
        return have
    _unmoved(have, step.alias, step.revision)
    return _with(have, made)


def _unmoved(have: Actual, alias: str, revision: str | None) -> None:
    """Refuse to move an alias that was looked at before its last change."""
    now = have.alias(alias)
    if revision is not None and revision != (now.revision if now else ""):
        raise AliasMovedError(have.name, alias)


def _with(have: Actual, made: Alias) -> Actual:
    others = (alias for alias in have.aliases if alias.name != made.name)
    aliases = sorted((*others, made), key=lambda alias: alias.name)
    return replace(have, aliases=tuple(aliases))


def _numbers(have: Actual) -> tuple[str, ...]:
    return tuple(version.number for version in have.versions)
