"""Deciding what to change; pure."""

from collections.abc import Iterator

from mlflow_serverless.plan.rules import check
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
    """
    The steps that turn *have* into *want*; none, if they agree.

    Raises:
        ServerlessError: No cloud could make *want*: a bad name, or settings, tags
            or a note beyond AWS's limits.
    """
    check(want)
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
    if have.holding(content) is None:
        yield PublishVersion(name, content, want.note)
    if not have.serves(want.alias, content):
        now = have.alias(want.alias)
        revision = now.revision if now else ""
        yield PointAlias(name, want.alias, content, revision)


def plan_removal(have: Actual) -> Plan:
    """The steps after which nothing of ours is left under the name."""
    gone = have.function is None and not have.versions and not have.aliases
    return Plan(have.name, () if gone else (DeleteFunction(have.name),))
