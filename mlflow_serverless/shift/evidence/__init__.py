"""How much the numbers say against a candidate, however often one looks; pure.

Every test answers with an e-value (as its logarithm): a wager against "nothing is
wrong" that is worth 1 on average if nothing is. By Ville's inequality the chance that
it *ever* reaches `1/a` is at most `a`, so that a rollout may be looked at every minute
for as long as it takes, without correction for looking.
"""

from mlflow_serverless.shift.evidence.compared import more_often
from mlflow_serverless.shift.evidence.drift import Drift, drifted
from mlflow_serverless.shift.evidence.far import Far, far
from mlflow_serverless.shift.evidence.limit import (
    CAP,
    Table,
    beyond,
    excused,
    unheard,
)
from mlflow_serverless.shift.evidence.ruled import SURE, Ruled, failing_by, slower_by
from mlflow_serverless.shift.evidence.slower import (
    Compared,
    Slower,
    compared,
    slower,
)

__all__ = [
    "CAP",
    "SURE",
    "Compared",
    "Drift",
    "Far",
    "Ruled",
    "Slower",
    "Table",
    "beyond",
    "compared",
    "drifted",
    "excused",
    "failing_by",
    "far",
    "more_often",
    "slower",
    "slower_by",
    "unheard",
]
