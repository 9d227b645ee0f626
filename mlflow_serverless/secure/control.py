"""What drives rollouts in the account, and what wakes it, may do; no more than that."""

from collections.abc import Iterator
from dataclasses import dataclass

from mlflow_serverless.plan import names
from mlflow_serverless.plan.place import Place
from mlflow_serverless.secure.document import Statement, document
from mlflow_serverless.secure.policy import writing

SCHEDULER = "scheduler.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlReach:
    """All that one controller has to reach."""

    name: str
    """The deployment's."""
    alias: str
    """Whose traffic it moves."""
    log_group: str
    """Where the deployment's versions say how they fare."""
    asks: tuple[tuple[str, str], ...] = ()
    """(function, qualifier) of the hooks that are functions."""


def control_policy(place: Place, reach: ControlReach) -> str:
    """The least that *reach* needs: one function, its alias, its log, its schedules."""
    return document(_needed(place, reach))


def _needed(place: Place, reach: ControlReach) -> Iterator[Statement]:
    function = place.arn("lambda", f"function:{reach.name}")
    group = place.arn("logs", f"log-group:{reach.log_group}")
    schedules = f"schedule/{names.schedule_group(reach.name)}/*"
    yield writing(place, names.log_group(names.controller(reach.name)))
    yield Statement(
        sid="SeeItsVersions",
        actions=(
            "lambda:GetAlias", "lambda:GetFunction", "lambda:ListAliases",
            "lambda:ListVersionsByFunction",
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
    if reach.asks:
        asked = (f"function:{name}:{qualifier}" for name, qualifier in reach.asks)
        yield Statement(
            sid="AskItsHooks",
            actions=("lambda:InvokeFunction",),
            resources=tuple(place.arn("lambda", one) for one in asked),
        )


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
