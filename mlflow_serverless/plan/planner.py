"""Deciding what to change; pure."""

from collections.abc import Iterator

from mlflow_serverless.plan.state import Actual, Desired, content_of
from mlflow_serverless.plan.steps import (
    ChangeSettings,
    CreateFunction,
    DeleteFunction,
    Plan,
    PointAlias,
    PublishVersion,
    ReplaceArtifact,
    SetTags,
    Step,
)


def plan(want: Desired, have: Actual) -> Plan:
    """The steps that turn *have* into *want*; none, if they agree."""
    return Plan(want.function.name, tuple(_steps(want, have)))


def _steps(want: Desired, have: Actual) -> Iterator[Step]:
    name, content = want.function.name, content_of(want.function)
    if have.function is None:
        yield CreateFunction(want.function, want.tags)
    else:
        if have.function.artifact != want.function.artifact:
            yield ReplaceArtifact(name, want.function.artifact)
        if have.function.settings != want.function.settings:
            yield ChangeSettings(name, want.function.settings)
        if have.tags != want.tags:
            yield SetTags(name, want.tags)
    if not any(version.content == content for version in have.versions):
        yield PublishVersion(name, content, want.note)
    if not _serves(have, want.alias, content):
        yield PointAlias(name, want.alias, content)


def _serves(have: Actual, alias: str, content: str) -> bool:
    """Whether all traffic of *alias* goes to a version with *content*."""
    pointed = have.alias(alias)
    if pointed is None or pointed.weights:
        return False
    version = have.version(pointed.version)
    return version is not None and version.content == content


def plan_removal(have: Actual) -> Plan:
    """The steps after which nothing of ours is left under the name."""
    gone = have.function is None and not have.versions and not have.aliases
    return Plan(have.name, () if gone else (DeleteFunction(have.name),))
