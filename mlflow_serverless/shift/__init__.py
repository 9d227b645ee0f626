"""How a new version earns its traffic: observe, judge, decide, commit.

`begin` records a rollout in the alias; `advance` takes one look and makes at most one
move; `pause`, `resume`, `promote` and `abort` are a person's words. Judging and
deciding are pure; the rest goes through `world`'s protocols.
"""

from mlflow_serverless.shift.advance import Driver, Step, advance, looked
from mlflow_serverless.shift.criteria import Criteria, Demand
from mlflow_serverless.shift.decide import decide
from mlflow_serverless.shift.judge import judge
from mlflow_serverless.shift.orders import abort, begin, pause, promote, resume
from mlflow_serverless.shift.roads import Roads
from mlflow_serverless.shift.rollout import (
    Advance,
    Confirm,
    Finish,
    Hold,
    Promote,
    RollBack,
    Rollout,
    Shift,
    State,
)
from mlflow_serverless.shift.rules import recorded, under_way
from mlflow_serverless.shift.strategy import Kind, Stage, Strategy, stages_of
from mlflow_serverless.shift.verdict import (
    Finding,
    Healthy,
    Inconclusive,
    Judgement,
    Result,
    Unhealthy,
    Verdict,
)

__all__ = [
    "Advance",
    "Confirm",
    "Criteria",
    "Demand",
    "Driver",
    "Finding",
    "Finish",
    "Healthy",
    "Hold",
    "Inconclusive",
    "Judgement",
    "Kind",
    "Promote",
    "Result",
    "Roads",
    "RollBack",
    "Rollout",
    "Shift",
    "Stage",
    "State",
    "Step",
    "Strategy",
    "Unhealthy",
    "Verdict",
    "abort",
    "advance",
    "begin",
    "decide",
    "judge",
    "looked",
    "pause",
    "promote",
    "recorded",
    "resume",
    "stages_of",
    "under_way",
]
