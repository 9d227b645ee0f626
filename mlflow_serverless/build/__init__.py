"""Bundle to Image: what Lambda runs, assembled layer by layer, known by its digest."""

from mlflow_serverless.build.image import Image, ImageSpec, Layer
from mlflow_serverless.build.needs import lines_of, read_list
from mlflow_serverless.build.options import (
    DEFAULT_BASE,
    EXTRAS,
    Architecture,
    BuildOptions,
)
from mlflow_serverless.build.registry import (
    Basic,
    Bearer,
    Login,
    Pushed,
    Reference,
    Registry,
    anonymous,
    parse_reference,
    push,
)
from mlflow_serverless.build.run import build

__all__ = [
    "DEFAULT_BASE",
    "EXTRAS",
    "Architecture",
    "Basic",
    "Bearer",
    "BuildOptions",
    "Image",
    "ImageSpec",
    "Layer",
    "Login",
    "Pushed",
    "Reference",
    "Registry",
    "anonymous",
    "build",
    "lines_of",
    "parse_reference",
    "push",
    "read_list",
]
