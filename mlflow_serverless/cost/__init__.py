"""What a deployment costs a month, as far as dated prices tell."""

from mlflow_serverless.cost.errors import UnknownPriceError
from mlflow_serverless.cost.monthly import CostLine, monthly
from mlflow_serverless.cost.prices import AS_OF, price

__all__ = ["AS_OF", "CostLine", "UnknownPriceError", "monthly", "price"]
