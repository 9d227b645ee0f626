"""ServableModel to OnnxGraph, with a report of how; one file a flavour."""

from mlflow_serverless.convert.graph import Conversion, ConversionReport, OnnxGraph
from mlflow_serverless.convert.run import convert

__all__ = ["Conversion", "ConversionReport", "OnnxGraph", "convert"]
