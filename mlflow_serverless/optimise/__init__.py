"""Graphs as converted to the forms that are served."""

from mlflow_serverless.optimise.artefact import Artefact
from mlflow_serverless.optimise.quantise import Precision, Quantised, quantise
from mlflow_serverless.optimise.run import optimise

__all__ = ["Artefact", "Precision", "Quantised", "optimise", "quantise"]
