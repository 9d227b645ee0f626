"""People's door and the Action's: `mlflow-serverless`."""

from mlflow_serverless.cli.main import main

__all__ = ["main"]
