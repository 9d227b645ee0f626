"""Candidates x the model itself -> ParityReport, or a refusal with the worst input."""

from mlflow_serverless.verify.candidate import Candidate, candidate_of
from mlflow_serverless.verify.gate import examine, verify
from mlflow_serverless.verify.options import ParityOptions
from mlflow_serverless.verify.report import ParityReport

__all__ = [
    "Candidate",
    "ParityOptions",
    "ParityReport",
    "candidate_of",
    "examine",
    "verify",
]
