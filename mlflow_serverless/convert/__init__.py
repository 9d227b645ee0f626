"""ServableModel to OnnxGraph, with a report of how; one file a flavour."""

from mlflow_serverless.convert.graph import Conversion, ConversionReport, OnnxGraph

__all__ = ["Conversion", "ConversionReport", "OnnxGraph"]
