"""What verification found: values, and three ways to show them."""

from mlflow_serverless.verify.report.page import page
from mlflow_serverless.verify.report.plain import to_plain
from mlflow_serverless.verify.report.table import tables
from mlflow_serverless.verify.report.values import (
    CandidateReport,
    ClassAgreement,
    GroupReport,
    GroupVerdict,
    ParityReport,
    RuntimeReport,
    WorstInput,
)

__all__ = [
    "CandidateReport",
    "ClassAgreement",
    "GroupReport",
    "GroupVerdict",
    "ParityReport",
    "RuntimeReport",
    "WorstInput",
    "page",
    "tables",
    "to_plain",
]
