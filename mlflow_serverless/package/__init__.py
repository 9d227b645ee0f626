"""Graphs to Bundle: files and a manifest, addressed by digest."""

from mlflow_serverless.package.bundle import Bundle
from mlflow_serverless.package.errors import BundleCorruptError
from mlflow_serverless.package.packer import (
    carry,
    origin,
    package,
    read_bundle,
    seal,
)

__all__ = [
    "Bundle",
    "BundleCorruptError",
    "carry",
    "origin",
    "package",
    "read_bundle",
    "seal",
]
