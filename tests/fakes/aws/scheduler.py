"""EventBridge Scheduler: kept as AWS keeps it, fired when a test says that it is time.

moto stores schedules and never fires them, makes a group that is there a second time
without a word, and forgets what an update says of completion; so all of it is ours.
"""

# ruff: noqa: N803 - parameters have AWS's own names

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.aws.allowed import Roles, conditions_of, trusted
from tests.fakes.aws.rest import AwsError
from tests.fakes.aws.shapes import page
from tests.fakes.aws.shelf import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICE = "scheduler.amazonaws.com"
_CALL = "lambda:InvokeFunction"


@dataclass
class Group:
    """One group."""

    name: str
    arn: str
    tags: dict[str, str]
    made: float = field(default_factory=time.time)
    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks_left: int | None = None
    """How often it is still seen as it is being deleted; None if it is not."""


class Scheduler:
    """
    Schedules of one account in one region.

    Args:
        region: Where.
        roles: Whom a schedule may act as.
    """

    def __init__(self, region: str, roles: Roles) -> None:
        self._region, self._roles = region, roles
        self.groups: dict[str, Group] = {}
        self.refused: list[str] = []
        """Schedules that fired in vain: their role may not call the target."""

    # Groups.

    def create_schedule_group(
        self, Name: str, Tags: Any = (), ClientToken: str = ""
    ) -> Any:
        there = self.groups.get(Name)
        if there is not None:
            going = there.looks_left is not None
            said = f"Schedule group {Name} {'is being deleted' if going else 'exists'}."
            raise AwsError(409, "ConflictException", said)
        tags = {tag["Key"]: tag["Value"] for tag in Tags}
        self.groups[Name] = Group(Name, self._arn(f"schedule-group/{Name}"), tags)
        return {"ScheduleGroupArn": self.groups[Name].arn}

    def get_schedule_group(self, Name: str) -> dict[str, Any]:
        group = self._group(Name)
        if group.looks_left is not None:
            group.looks_left -= 1
            if group.looks_left < 0:
                del self.groups[Name]
                raise _missing(f"Schedule group {Name} does not exist.")
        return {
            "Arn": group.arn, "Name": Name, "CreationDate": group.made,
            "LastModificationDate": group.made,
            "State": "ACTIVE" if group.looks_left is None else "DELETING",
        }  # fmt: skip

    def delete_schedule_group(self, Name: str, ClientToken: str = "") -> None:
        group = self._group(Name)
        if group.looks_left is not None:
            said = f"Schedule group {Name} is being deleted."
            raise AwsError(409, "ConflictException", said)
        group.schedules.clear()
        group.looks_left = 1

    def list_tags_for_resource(self, ResourceArn: str) -> dict[str, Any]:
        tags = self._tagged(ResourceArn).tags
        return {"Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}

    def tag_resource(self, ResourceArn: str, Tags: Any) -> None:
        tags = {tag["Key"]: tag["Value"] for tag in Tags}
        self._tagged(ResourceArn).tags.update(tags)

    def untag_resource(self, ResourceArn: str, TagKeys: list[str]) -> None:
        for key in TagKeys:
            self._tagged(ResourceArn).tags.pop(key, None)

    def _tagged(self, arn: str) -> Group:
        kind, _, name = arn.rpartition(":")[2].partition("/")
        if kind != "schedule-group":
            raise _invalid("only schedule groups have tags")
        return self._group(name)

    # Schedules.

    def create_schedule(self, Name: str, **given: Any) -> dict[str, Any]:
        group = self._open(given.get("GroupName", "default"))
        if Name in group.schedules:
            raise AwsError(409, "ConflictException", f"Schedule {Name} exists.")
        return self._put(group, Name, given)

    def update_schedule(self, Name: str, **given: Any) -> dict[str, Any]:
        group = self._open(given.get("GroupName", "default"))
        self._in(group, Name)
        return self._put(group, Name, given)

    def get_schedule(self, Name: str, GroupName: str = "default") -> dict[str, Any]:
        return dict(self._in(self._group(GroupName), Name))

    def delete_schedule(
        self, Name: str, GroupName: str = "default", ClientToken: str = ""
    ) -> None:
        group = self._group(GroupName)
        self._in(group, Name)
        del group.schedules[Name]

    def list_schedules(
        self, GroupName: str = "", NextToken: str | None = None,
        MaxResults: int = 100, **_: Any,
    ) -> dict[str, Any]:  # fmt: skip
        groups = [self._group(GroupName)] if GroupName else [*self.groups.values()]
        shown = ("Arn", "Name", "GroupName", "State", "CreationDate")
        found = [
            {key: schedule[key] for key in shown}
            | {"Target": {"Arn": schedule["Target"]["Arn"]}}
            for group in groups
            for schedule in group.schedules.values()
        ]
        paged = page("Schedules", found, NextToken, MaxResults)
        following = paged.pop("NextMarker", None)
        return paged | ({"NextToken": following} if following else {})

    def _put(self, group: Group, name: str, given: dict[str, Any]) -> dict[str, Any]:
        end = given.get("EndDate")
        if end is not None and end <= time.time():
            raise _invalid("The EndDate you specify must be in the future.")
        if not given["ScheduleExpression"].startswith(("rate(", "cron(", "at(")):
            raise _invalid("Invalid Schedule Expression.")
        group_arn = group.arn
        if not self._acts(given["Target"]["RoleArn"], group_arn):
            raise _invalid(
                "The execution role you provide must allow AWS EventBridge Scheduler "
                "to assume the role."
            )
        arn = self._arn(f"schedule/{group.name}/{name}")
        group.schedules[name] = {
            "Arn": arn, "Name": name, "GroupName": group.name, "State": "ENABLED",
            "CreationDate": time.time(), "ScheduleExpressionTimezone": "UTC",
            **{k: v for k, v in given.items() if k not in {"ClientToken", "GroupName"}},
        }  # fmt: skip
        return {"ScheduleArn": arn}

    def _acts(self, role: str, group: str) -> bool:
        """Whether the scheduler may be *role* for schedules of *group*."""
        found = self._roles.trust(role)
        said = found and trusted(found, SERVICE)
        if not said:
            return False
        asked = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": group}
        return all(asked.get(key) == value for key, value in conditions_of(said))

    # Time.

    def due(self, now: float) -> Iterator[tuple[str, str]]:
        """(target, input) of every schedule that fires now; what has ended goes."""
        for group in [*self.groups.values()]:
            for name, schedule in [*group.schedules.items()]:
                if schedule.get("EndDate", now) < now:
                    if schedule.get("ActionAfterCompletion") == "DELETE":
                        del group.schedules[name]
                    continue
                target = schedule["Target"]
                arn, role = target["Arn"], target["RoleArn"]
                if self._acts(role, group.arn) and self._roles.may(role, _CALL, arn):
                    yield arn, target.get("Input", "{}")
                else:
                    self.refused.append(schedule["Arn"])

    def _group(self, name: str) -> Group:
        if name not in self.groups:
            raise _missing(f"Schedule group {name} does not exist.")
        return self.groups[name]

    def _open(self, name: str) -> Group:
        group = self._group(name)
        if group.looks_left is not None:
            raise AwsError(
                409, "ConflictException", f"Schedule group {name} is being deleted."
            )
        return group

    @staticmethod
    def _in(group: Group, name: str) -> dict[str, Any]:
        if name not in group.schedules:
            raise _missing(f"Schedule {name} does not exist.")
        return group.schedules[name]

    def _arn(self, what: str) -> str:
        return f"arn:aws:scheduler:{self._region}:{ACCOUNT}:{what}"


def _missing(message: str) -> AwsError:
    return AwsError(404, "ResourceNotFoundException", message)


def _invalid(message: str) -> AwsError:
    return AwsError(400, "ValidationException", message)
