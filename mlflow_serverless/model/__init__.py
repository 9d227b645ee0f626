"""What a model is: a reference as typed, and the exact model it stands for."""

from mlflow_serverless.model.ref import (
    LatestVersion,
    LocalFolder,
    LoggedModel,
    ModelRef,
    RegisteredAlias,
    RegisteredStage,
    RegisteredVersion,
    RunArtifact,
    parse_ref,
)
from mlflow_serverless.model.servable import Example, ServableModel

__all__ = [
    "Example",
    "LatestVersion",
    "LocalFolder",
    "LoggedModel",
    "ModelRef",
    "RegisteredAlias",
    "RegisteredStage",
    "RegisteredVersion",
    "RunArtifact",
    "ServableModel",
    "parse_ref",
]
