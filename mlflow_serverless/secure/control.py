"""What drives rollouts in the account may do, and what making it takes."""

from collections.abc import Iterator
from dataclasses import dataclass

from mlflow_serverless.plan import Controller, Schedule, ScheduleGroup, names
from mlflow_serverless.plan.control import Control
from mlflow_serverless.plan.place import Place
from mlflow_serverless.secure.document import Statement, document
from mlflow_serverless.secure.policy import LAMBDA, writing

SCHEDULER = "scheduler.amazonaws.com"

_CONTROLLER = tuple(
    f"lambda:{action}"
    for action in (
        "CreateFunction", "DeleteFunction", "GetFunction", "GetFunctionConfiguration",
        "GetFunctionConcurrency", "UpdateFunctionCode", "UpdateFunctionConfiguration",
        "TagResource", "UntagResource", "ListTags",
    )
)  # fmt: skip
_GROUP = tuple(
    f"scheduler:{action}"
    for action in (
        "CreateScheduleGroup", "DeleteScheduleGroup", "GetScheduleGroup",
        "ListTagsForResource", "TagResource", "UntagResource",
    )
)  # fmt: skip
_SCHEDULE = tuple(
    f"scheduler:{action}"
    for action in ("CreateSchedule", "DeleteSchedule", "GetSchedule", "UpdateSchedule")
)

_Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlReach:
    """All that one controller has to reach."""

    name: str
    """The deployment's."""
    alias: str
    """Whose traffic it moves."""
    log_group: str
    """Where the deployment's versions say how they fare."""
    alarms: bool = False
    """Whether alarms tell of its versions."""
    kept: bool = False
    """Whether environments are kept started for its versions."""
    asks: tuple[tuple[str, str], ...] = ()
    """(function, qualifier) of the hooks that are functions."""


def control_policy(place: Place, reach: ControlReach) -> str:
    """The least that *reach* needs: one function, its alias, its log, its schedules."""
    return document(_needed(place, reach))


def _needed(place: Place, reach: ControlReach) -> Iterator[Statement]:
    function = place.arn("lambda", f"function:{reach.name}")
    yield writing(place, names.log_group(names.controller(reach.name)))
    yield from _moving(place, reach, function)
    if reach.alarms:
        yield from _hearing(place, reach.name)
    if reach.kept:
        yield Statement(
            sid="KeepItsVersionsStarted",
            actions=(
                "lambda:DeleteProvisionedConcurrencyConfig",
                "lambda:GetProvisionedConcurrencyConfig",
                "lambda:PutProvisionedConcurrencyConfig",
            ),
            resources=(f"{function}:*",),
        )
    if reach.asks:
        asked = (f"function:{name}:{qualifier}" for name, qualifier in reach.asks)
        yield Statement(
            sid="AskItsHooks",
            actions=("lambda:InvokeFunction",),
            resources=tuple(place.arn("lambda", one) for one in asked),
        )


def _moving(place: Place, reach: ControlReach, function: str) -> Iterator[Statement]:
    """Look at both versions, move the traffic, and be called no more."""
    group = place.arn("logs", f"log-group:{reach.log_group}")
    schedules = f"schedule/{names.schedule_group(reach.name)}/*"
    yield Statement(
        sid="SeeItsVersions",
        actions=(
            "lambda:GetAlias", "lambda:GetFunction", "lambda:ListAliases",
            "lambda:ListProvisionedConcurrencyConfigs", "lambda:ListVersionsByFunction",
        ),
        resources=(function, f"{function}:*"),
    )  # fmt: skip
    yield Statement(
        sid="MoveItsTraffic",
        actions=("lambda:UpdateAlias",),
        resources=(function, f"{function}:{reach.alias}"),
    )
    yield Statement(
        sid="ReadItsLog",
        actions=("logs:FilterLogEvents",),
        resources=(group, f"{group}:*"),
    )
    yield Statement(
        sid="EndItsSchedules",
        actions=("scheduler:DeleteSchedule",),
        resources=(place.arn("scheduler", schedules),),
    )


def _hearing(place: Place, name: str) -> Iterator[Statement]:
    # Whoever asks by the beginning of a name asks for all of them.
    yield Statement(
        sid="HearAlarms",
        actions=("cloudwatch:DescribeAlarms",),
        resources=(place.arn("cloudwatch", "alarm:*"),),
    )
    yield Statement(
        sid="SeeItsAlarms",
        actions=("cloudwatch:ListTagsForResource",),
        resources=(_alarms(place, name, "*"),),
    )
    yield Statement(
        sid="SetAlarmsOnItsVersions",
        actions=tuple(
            f"cloudwatch:{does}"
            for does in ("DeleteAlarms", "PutMetricAlarm", "TagResource")
        ),
        resources=(_alarms(place, name, "guard-*"),),
    )


def _alarms(place: Place, name: str, which: str) -> str:
    return place.arn("cloudwatch", f"alarm:{names.alarm(name, which)}")


def schedule_policy(place: Place, controller: str) -> str:
    """Call *controller*, and nothing else."""
    function = place.arn("lambda", f"function:{controller}")
    call = Statement(
        sid="CallTheController",
        actions=("lambda:InvokeFunction",),
        resources=(function,),
    )
    return document([call])


def schedule_trust(place: Place, group: str) -> str:
    """
    Only EventBridge Scheduler may assume the role, for schedules of *group*.

    It compares the group's ARN, never a schedule's own.
    """
    conditions = {
        "aws:SourceAccount": place.account,
        "aws:SourceArn": place.arn("scheduler", f"schedule-group/{group}"),
    }
    trust = Statement(
        sid="SchedulerRunsIt",
        actions=("sts:AssumeRole",),
        service=SCHEDULER,
        conditions={"StringEquals": conditions},
    )
    return document([trust])


def seeking(place: Place, name: str) -> Iterator[Statement]:
    """Whether something drives rollouts in the account is always looked for."""
    roles = (
        names.control_role(name, place.region),
        names.schedule_role(name, place.region),
    )
    group = names.schedule_group(name)
    yield Statement(
        sid="SeekItsController",
        actions=("lambda:GetFunction",),
        resources=(place.arn("lambda", f"function:{names.controller(name)}"),),
    )
    yield Statement(
        sid="SeekItsRoles",
        actions=("iam:GetRole", "iam:GetRolePolicy", "iam:ListRoleTags"),
        resources=tuple(place.global_arn("iam", f"role/{role}") for role in roles),
    )
    yield Statement(
        sid="SeekItsSchedules",
        actions=(
            "scheduler:GetSchedule", "scheduler:GetScheduleGroup",
            "scheduler:ListTagsForResource",
        ),
        resources=(
            place.arn("scheduler", f"schedule/{group}/*"),
            place.arn("scheduler", f"schedule-group/{group}"),
        ),
    )  # fmt: skip


def passing(sid: str, role: str, service: str) -> Statement:
    """Hand *role* to *service*, and to no other."""
    return Statement(
        sid=sid,
        actions=("iam:PassRole",),
        resources=(role,),
        conditions={"StringEquals": {"iam:PassedToService": service}},
    )


def passing_its(made: Controller | Schedule) -> Statement:
    """Hand a controller, or what wakes it, its role."""
    if isinstance(made, Controller):
        return passing("PassControlRole", made.role, LAMBDA)
    return passing("PassScheduleRole", made.role, SCHEDULER)


def making(place: Place, resource: Control) -> tuple[_Texts, _Texts]:
    """Actions and ARNs of making, changing and removing *resource*."""
    match resource:
        case Controller(name=name):
            return _CONTROLLER, (place.arn("lambda", f"function:{name}"),)
        case ScheduleGroup(name=name):
            return _GROUP, (place.arn("scheduler", f"schedule-group/{name}"),)
        case Schedule(group=group):
            # Each rollout's has another name, in the deployment's own group.
            return _SCHEDULE, (place.arn("scheduler", f"schedule/{group}/*"),)
