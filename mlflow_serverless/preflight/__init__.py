"""Facts x Desired -> Findings: what would go wrong, before anything is changed."""

from mlflow_serverless.preflight.facts import (
    AccountFacts,
    Facts,
    ImageFacts,
    KeyFacts,
    ModelFacts,
    RepositoryFacts,
    RoleFacts,
)
from mlflow_serverless.preflight.inspect import inspect

__all__ = [
    "AccountFacts",
    "Facts",
    "ImageFacts",
    "KeyFacts",
    "ModelFacts",
    "RepositoryFacts",
    "RoleFacts",
    "inspect",
]
