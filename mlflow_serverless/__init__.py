"""From an MLflow registry to serverless serving, in one command."""

from lambda_runtime.version import __version__

__all__ = ["__version__"]
