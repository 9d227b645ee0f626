"""Plan x Control -> Receipt: takes the steps, stops at the first that fails."""

from mlflow_serverless.apply.apply import Receipt, apply
from mlflow_serverless.apply.errors import ApplyError

__all__ = ["ApplyError", "Receipt", "apply"]
