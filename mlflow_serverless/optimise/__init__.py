"""Graphs as converted to the forms that are served."""

from mlflow_serverless.optimise.artefact import Artefact, Cost
from mlflow_serverless.optimise.errors import AnswersMovedError
from mlflow_serverless.optimise.judged import held_to_budget
from mlflow_serverless.optimise.options import OptimiseOptions
from mlflow_serverless.optimise.run import optimise

__all__ = [
    "AnswersMovedError",
    "Artefact",
    "Cost",
    "OptimiseOptions",
    "held_to_budget",
    "optimise",
]
