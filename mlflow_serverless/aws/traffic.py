"""Versions, aliases and what is said of them: all that moving traffic takes.

It calls for nothing else, so that a controller needs to be allowed nothing else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.alarms import Alarms
from mlflow_serverless.aws.aliases import Aliases
from mlflow_serverless.aws.concurrency import Provisioned
from mlflow_serverless.aws.errors import AccessDeniedError, explained, explained_by
from mlflow_serverless.aws.functions import Functions, function_of, stillborn
from mlflow_serverless.aws.invoke import call
from mlflow_serverless.aws.keeper import Found
from mlflow_serverless.aws.logs import Logs
from mlflow_serverless.aws.session import Access
from mlflow_serverless.aws.versions import Versions
from mlflow_serverless.plan import (
    Actual,
    Alarm,
    MakeResource,
    ProvisionedConcurrency,
    RemoveResource,
    Resource,
    Ringing,
    RouteAlias,
    Step,
)
from mlflow_serverless.plan.errors import NotOfferedError
from mlflow_serverless.plan.guard import guarded
from mlflow_serverless.world import LogLine, Reply

_WHERE = "a controller"


def core(
    name: str, functions: Functions, versions: Versions, aliases: Aliases
) -> Actual:
    """The function *name* with its versions and aliases; nothing around it."""
    found = functions.look(name)
    if found is None or stillborn(found):
        return Actual(name=name)
    config = found["Configuration"]
    return Actual(
        name=name,
        function=function_of(found),
        versions=versions.of(name),
        aliases=aliases.of(name),
        tags=tuple(sorted(found.get("Tags", {}).items())),
        owned=functions.owns(found),
        outputs=(("function_arn", config["FunctionArn"]),),
    )


class Traffic:
    """
    What a rollout is driven through; see `shift.Roads`.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._functions = Functions(access)
        self._versions = Versions(access, self._functions)
        self._aliases = Aliases(access, self._functions, self._versions)
        self._logs, self._kept = Logs(access), Provisioned(access)
        self._alarms = Alarms(access)

    def snapshot(self, name: str, *, wanted: tuple[Resource, ...] = ()) -> Actual:  # noqa: ARG002 - nothing around it is looked at
        """See `world.Control`; of what stands around it, what a rollout changes."""
        with explained():
            have = core(name, self._functions, self._versions, self._aliases)
            around = (*self._kept.look(name, ()), *self._watching(name))
            return replace(have, resources=tuple(found.resource for found in around))

    def _watching(self, name: str) -> Iterator[Found]:
        """The alarms of its rollouts; none where it may not look, as it makes none."""
        try:
            found = tuple(self._alarms.look(name, ()))
        except ClientError as error:
            if not isinstance(explained_by(error), AccessDeniedError):
                raise
            return iter(())
        return (one for one in found if one.owner == name and guarded(one.resource))

    def ringing(self, name: str) -> tuple[Ringing, ...]:
        """See `world.Alarms`."""
        with explained():
            return self._alarms.ringing(name)

    def perform(self, step: Step) -> None:
        """
        See `world.Control`.

        Raises:
            NotOfferedError: It moves no traffic, nor what is kept started or watched
                for it.
        """
        with explained():
            match step:
                case RouteAlias():
                    self._aliases.route(step)
                case MakeResource(name, ProvisionedConcurrency() as kept):
                    self._kept.put(name, kept)
                case RemoveResource(name, ProvisionedConcurrency() as kept):
                    self._kept.remove(name, kept)
                case MakeResource(name, Alarm() as alarm) if guarded(alarm):
                    self._alarms.put(name, alarm)
                case RemoveResource(name, Alarm() as alarm) if guarded(alarm):
                    self._alarms.remove(name, alarm)
                case _:
                    raise NotOfferedError(_WHERE, (str(step),))

    def invoke(self, name: str, payload: bytes, *, qualifier: str = "live") -> Reply:
        """See `world.Invoker`."""
        with explained():
            return call(self._access, self._functions, name, payload, qualifier)

    def logs(self, name: str, *, since: datetime | None = None) -> Iterator[LogLine]:
        """See `world.Logbook`."""
        return _explained(self._logs.lines(name, since=since))

    def metrics(
        self, name: str, *, since: datetime | None = None
    ) -> Iterator[Mapping[str, object]]:
        """See `world.Logbook`."""
        return _explained(self._logs.metrics(name, since=since))


def _explained(found: Iterator[Any]) -> Iterator[Any]:
    with explained():
        yield from found
