"""Graphs to Bundle: files and a manifest, addressed by digest."""

from mlflow_serverless.package.bundle import Bundle

__all__ = ["Bundle"]
