"""The story: resolve, convert, optimise, verify, package, plan, apply, ask once.

Each arrow's result is kept under a key that names all its inputs, so that running again
does only what changed. Nothing outside this machine is changed before the proof, the
audit and preflight have passed; no traffic moves before the new version has answered.
"""

from mlflow_serverless.pipeline.ask import ask, parsed
from mlflow_serverless.pipeline.build import build, resolve
from mlflow_serverless.pipeline.built import Built
from mlflow_serverless.pipeline.handover import fill, hand_over
from mlflow_serverless.pipeline.life import Moved, delete, gc, rollback, spare, unseen
from mlflow_serverless.pipeline.live import compare_live
from mlflow_serverless.pipeline.look import Status, history, listing, status
from mlflow_serverless.pipeline.outside import ask_outside
from mlflow_serverless.pipeline.request import (
    Deployment,
    DeployRequest,
    Intent,
    Proposal,
    Published,
)
from mlflow_serverless.pipeline.story import deploy, plan_only
from mlflow_serverless.pipeline.sweeping import Stale, stale, sweep

__all__ = [
    "Built",
    "DeployRequest",
    "Deployment",
    "Intent",
    "Moved",
    "Proposal",
    "Published",
    "Stale",
    "Status",
    "ask",
    "ask_outside",
    "build",
    "compare_live",
    "delete",
    "deploy",
    "fill",
    "gc",
    "hand_over",
    "history",
    "listing",
    "parsed",
    "plan_only",
    "resolve",
    "rollback",
    "spare",
    "stale",
    "status",
    "sweep",
    "unseen",
]
