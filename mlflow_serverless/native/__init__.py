"""A bundle that serves the model's own library, for what no graph answers exactly."""

from mlflow_serverless.native.errors import (
    ColdStartError,
    NativeAnswerError,
    NativeSignatureError,
)
from mlflow_serverless.native.make import NativeCost, NativeMade, make

__all__ = [
    "ColdStartError",
    "NativeAnswerError",
    "NativeCost",
    "NativeMade",
    "NativeSignatureError",
    "make",
]
