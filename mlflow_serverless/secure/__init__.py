"""Least privilege as a function of what is deployed, and what we refuse to deploy."""

from mlflow_serverless.secure.audit import audit
from mlflow_serverless.secure.deployer import deployer_policies
from mlflow_serverless.secure.document import canonical, document
from mlflow_serverless.secure.errors import RefusedError, refuse
from mlflow_serverless.secure.policy import (
    Reach,
    bucket_policy,
    key_policy,
    repository_policy,
    role_policy,
    tool_policy,
    trust_policy,
)
from mlflow_serverless.secure.secret import looks_secret

__all__ = [
    "Reach",
    "RefusedError",
    "audit",
    "bucket_policy",
    "canonical",
    "deployer_policies",
    "document",
    "key_policy",
    "looks_secret",
    "refuse",
    "repository_policy",
    "role_policy",
    "tool_policy",
    "trust_policy",
]
