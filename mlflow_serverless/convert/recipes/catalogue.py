"""Every module of recipes, imported when models that need it are there."""

import importlib
import sys

RECIPES = {
    "sklearn": (
        "bayes", "calibrate", "compose", "constant", "densities", "encode",
        "ensembles", "forests", "functions", "gradient", "impute", "impute_near",
        "kernels", "linear", "many", "meta", "neighbours", "neural", "project",
        "reshape", "scale", "select", "splines", "upstream",
    ),
    "xgboost": ("xgboost",),
    "lightgbm": ("lightgbm",),
}  # fmt: skip
"""Modules of this folder by the library whose estimators they lower."""


def register() -> None:
    """Import the recipes for every library that a loaded model has brought in."""
    for library, modules in RECIPES.items():
        if library in sys.modules:
            for module in modules:
                importlib.import_module(f"mlflow_serverless.convert.recipes.{module}")
