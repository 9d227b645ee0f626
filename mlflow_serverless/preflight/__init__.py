"""Facts x Desired -> Findings: what would go wrong, before anything is changed."""

from mlflow_serverless.preflight.facts import (
    AccountFacts,
    Facts,
    ImageFacts,
    ModelFacts,
    RepositoryFacts,
    RoleFacts,
)

__all__ = [
    "AccountFacts",
    "Facts",
    "ImageFacts",
    "ModelFacts",
    "RepositoryFacts",
    "RoleFacts",
]
