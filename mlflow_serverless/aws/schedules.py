"""Schedules, and the groups that they are in (EventBridge Scheduler)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of, explained
from mlflow_serverless.aws.keeper import (
    Found,
    all_of,
    listed,
    names_of,
    owner_of,
    pairs,
    retag,
    unless_missing,
    unlisted,
)
from mlflow_serverless.aws.retry import await_gone, settled
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import Resource, Schedule, ScheduleGroup, names

_CONFLICT = "ConflictException"
_GOING = "DELETING"


class ScheduleGroups:
    """
    Groups of schedules: what has tags.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("scheduler")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:
        """See `keeper.Keeper`."""
        for group in names_of(ScheduleGroup, (names.schedule_group(name),), wanted):
            found = self.there(group)
            if found is not None:
                tags = self._tags(found)
                made = ScheduleGroup(name=group, tags=pairs(tags))
                yield Found(made, owner_of(tags))

    def there(self, group: str) -> dict[str, Any] | None:
        """GetScheduleGroup's answer; None if it is not there, or is going."""
        found = self._found(group)
        return None if found is None or found["State"] == _GOING else found

    def owner(self, group: str) -> str:
        """Whose it is; empty if it is not there, or nobody's."""
        found = self.there(group)
        return owner_of(self._tags(found)) if found else ""

    def _found(self, group: str) -> dict[str, Any] | None:
        return unless_missing(self._client.get_schedule_group, Name=group)

    def _tags(self, found: dict[str, Any]) -> dict[str, str]:
        answer = self._client.list_tags_for_resource(ResourceArn=found["Arn"])
        return unlisted(answer.get("Tags", ()))

    def put(self, name: str, resource: ScheduleGroup) -> None:  # noqa: ARG002 - tags say whose
        """See `keeper.Keeper`."""
        self._await_gone(resource.name)
        try:
            self._client.create_schedule_group(
                Name=resource.name, Tags=listed(resource.tags)
            )
        except ClientError as error:
            if code_of(error) != _CONFLICT:
                raise
            self._tag(resource)

    def _await_gone(self, group: str) -> None:
        """One that is being deleted still has its name."""

        def going() -> dict[str, Any] | None:
            found = self._found(group)
            return found if found and found["State"] == _GOING else None

        what = f"the deletion of schedule group {group}"
        await_gone(going, what, self._access.pace)

    def _tag(self, made: ScheduleGroup) -> None:
        found = self.there(made.name)
        if found is not None:
            arn, there = found["Arn"], self._tags(found)
            retag(self._client, there, made.tags, ResourceArn=arn)

    def remove(self, name: str, resource: ScheduleGroup) -> None:  # noqa: ARG002
        """See `keeper.Keeper`; with every schedule in it."""
        unless_missing(
            self._client.delete_schedule_group, _CONFLICT, Name=resource.name
        )
        self._await_gone(resource.name)


class Schedules:
    """
    Schedules of one deployment's group; whose the group is, they are.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access, self._groups = access, ScheduleGroups(access)

    @property
    def _client(self) -> Any:
        return self._access.client("scheduler")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:  # noqa: ARG002 - all are in one group
        """See `keeper.Keeper`."""
        group = names.schedule_group(name)
        owner = self._groups.owner(group)
        if owner != name:
            return
        client = self._client
        for listing in all_of(client, "list_schedules", "Schedules", GroupName=group):
            found = unless_missing(
                client.get_schedule, Name=listing["Name"], GroupName=group
            )
            if found is not None:
                yield Found(_schedule(found), owner)

    def put(self, name: str, resource: Schedule) -> None:  # noqa: ARG002 - its group says whose
        """See `keeper.Keeper`."""
        client, pace, said = self._client, self._access.pace, _said(resource)
        try:
            settled(client.create_schedule, pace, **said)
        except ClientError as error:
            if code_of(error) != _CONFLICT:
                raise
            settled(client.update_schedule, pace, **said)

    def remove(self, name: str, resource: Schedule) -> None:  # noqa: ARG002
        """See `keeper.Keeper`."""
        self._delete(resource.group, resource.name)

    def end(self, group: str, schedule: str) -> None:
        """
        Nothing is called any more; nothing if it is gone already.

        Raises:
            ServerlessError: AWS refuses.
        """
        with explained():
            self._delete(group, schedule)

    def _delete(self, group: str, schedule: str) -> None:
        unless_missing(self._client.delete_schedule, Name=schedule, GroupName=group)


def _said(made: Schedule) -> dict[str, Any]:
    """One try a minute, and the next minute is the next try."""
    retries = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    said: dict[str, Any] = {
        "Name": made.name,
        "GroupName": made.group,
        "ScheduleExpression": made.rate,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": made.target, "RoleArn": made.role, "Input": made.input,
            "RetryPolicy": retries,
        },
        "ActionAfterCompletion": "DELETE",
    }  # fmt: skip
    if made.end:
        said["EndDate"] = datetime.fromtimestamp(made.end, UTC)
    return said


def _schedule(found: dict[str, Any]) -> Schedule:
    target, end = found["Target"], found.get("EndDate")
    return Schedule(
        name=found["Name"],
        group=found["GroupName"],
        target=target["Arn"],
        role=target["RoleArn"],
        input=target.get("Input", ""),
        rate=found["ScheduleExpression"],
        end=end.timestamp() if end else 0.0,
    )
