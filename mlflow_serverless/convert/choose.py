"""Which converter a flavour has, and the extra that brings its library."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from mlflow_serverless.convert.draft import Source
from mlflow_serverless.convert.errors import UnsupportedFlavorError
from mlflow_serverless.convert.load import require
from mlflow_serverless.model import ServableModel


@dataclass(frozen=True, slots=True)
class _Flavor:
    """One line a flavour."""

    extra: str
    needs: tuple[str, ...]
    """Modules that must import."""


FLAVORS = {
    "sklearn": _Flavor("sklearn", ("sklearn", "skops")),
    "xgboost": _Flavor("xgboost", ("xgboost", "sklearn")),
    "lightgbm": _Flavor("lightgbm", ("lightgbm", "sklearn", "skops")),
    "catboost": _Flavor("catboost", ("catboost",)),
    "pytorch": _Flavor("pytorch", ("torch", "onnxscript")),
    "tensorflow": _Flavor("tensorflow", ("tensorflow", "tf2onnx")),
    "keras": _Flavor("tensorflow", ("tensorflow", "tf2onnx")),
    "transformers": _Flavor("transformers", ()),
    "sentence_transformers": _Flavor("transformers", ()),
    "onnx": _Flavor("all", ("onnx",)),
}
"""Flavours that can be converted; each has a module of its name in this room."""


def source_of(model: ServableModel) -> Source:
    """
    The loaded model, ready to be drafted.

    Raises:
        UnsupportedFlavorError: There is no converter for its flavour.
        MissingFrameworkError: Its library is not installed here.
    """
    flavor = FLAVORS.get(model.flavor)
    if flavor is None:
        raise UnsupportedFlavorError(
            model.flavor, {name: known.extra for name, known in FLAVORS.items()}
        )
    require(model.flavor, flavor.extra, *flavor.needs)
    module = importlib.import_module(f"mlflow_serverless.convert.{model.flavor}")
    source: Callable[[ServableModel], Source] = module.source
    return source(model)
