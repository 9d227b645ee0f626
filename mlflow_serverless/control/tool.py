"""The controller's image."""

from mlflow_serverless.tools import Tool

CONTROLLER = Tool(
    name="control",
    handler="mlflow_serverless.control.function:handler",
    requirements=("boto3", "numpy", "pydantic", "PyYAML", "scipy"),
)
