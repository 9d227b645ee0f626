"""Bundle to Measured: what the real runtime takes to serve it, on this machine."""

from mlflow_serverless.measure.measure import measure
from mlflow_serverless.measure.values import Measured

__all__ = ["Measured", "measure"]
