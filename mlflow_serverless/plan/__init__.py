"""Desired x Actual -> Plan: what to change, as values; nothing here changes it."""

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
    ReplaceArtifact,
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
    "Function",
    "Plan",
    "PointAlias",
    "PublishVersion",
    "ReplaceArtifact",
    "SetTags",
    "Settings",
    "Step",
    "Version",
    "content_of",
    "plan",
    "plan_removal",
]
