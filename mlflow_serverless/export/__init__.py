"""Desired -> the same, for other tools: a CloudFormation template, or Terraform's."""

from mlflow_serverless.export.errors import NoTemplateError, ResolvedTextError
from mlflow_serverless.export.export import Format, Syntax, export

__all__ = ["Format", "NoTemplateError", "ResolvedTextError", "Syntax", "export"]
