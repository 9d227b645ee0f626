"""Every module of recipes; importing this one registers them all."""

from mlflow_serverless.convert.recipes import (
    compose,
    encode,
    forests,
    impute,
    linear,
    scale,
)

__all__ = ["compose", "encode", "forests", "impute", "linear", "scale"]
