"""Desired x Actual -> Plan: what to change, as values; nothing here changes it."""

from mlflow_serverless.plan.effect import Fresh, after
from mlflow_serverless.plan.planner import plan, plan_removal
from mlflow_serverless.plan.state import (
    Actual,
    Alias,
    Desired,
    Function,
    Settings,
    Version,
    content_of,
)
from mlflow_serverless.plan.steps import (
    ChangeSettings,
    CreateFunction,
    DeleteFunction,
    Plan,
    PointAlias,
    PublishVersion,
    RemoveAlias,
    ReplaceArtifact,
    RouteAlias,
    SetTags,
    Step,
)

__all__ = [
    "Actual",
    "Alias",
    "ChangeSettings",
    "CreateFunction",
    "DeleteFunction",
    "Desired",
    "Fresh",
    "Function",
    "Plan",
    "PointAlias",
    "PublishVersion",
    "RemoveAlias",
    "ReplaceArtifact",
    "RouteAlias",
    "SetTags",
    "Settings",
    "Step",
    "Version",
    "after",
    "content_of",
    "plan",
    "plan_removal",
]
