"""Candidates x the model itself -> ParityReport, or a refusal with the worst input."""

from mlflow_serverless.verify.against import verify_live
from mlflow_serverless.verify.candidate import Candidate, candidate_of
from mlflow_serverless.verify.gate import examine, verify
from mlflow_serverless.verify.options import ParityOptions
from mlflow_serverless.verify.report import ParityReport
from mlflow_serverless.verify.report.values import RuntimeReport

__all__ = [
    "Candidate",
    "ParityOptions",
    "ParityReport",
    "RuntimeReport",
    "candidate_of",
    "examine",
    "verify",
    "verify_live",
]
