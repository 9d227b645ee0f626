"""A rollout's report: as JSON, on a terminal, and as one HTML page."""

from mlflow_serverless.shift.report.files import write
from mlflow_serverless.shift.report.page import page
from mlflow_serverless.shift.report.plain import plain
from mlflow_serverless.shift.report.text import text
from mlflow_serverless.shift.report.values import RolloutReport, Side, report

__all__ = ["RolloutReport", "Side", "page", "plain", "report", "text", "write"]
