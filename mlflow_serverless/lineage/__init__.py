"""Who or what caused a deployment, and what served when."""

from mlflow_serverless.lineage.cause import Cause, cause_of, read_cause
from mlflow_serverless.lineage.moves import Does, Move, serving_at

__all__ = ["Cause", "Does", "Move", "cause_of", "read_cause", "serving_at"]
