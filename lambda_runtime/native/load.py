"""The model from its files, as MLflow loads it, without mlflow where that can be."""

from __future__ import annotations

import os
import pickle
import sys

from lambda_runtime.faults import BrokenBundle
from lambda_runtime.native.libraries import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lambda_runtime.native.recipe import Recipe

    Predict = Callable[[Any], Any]


def load(root: str, recipe: Recipe) -> Predict:
    """
    The model in the folder *root*, as a function from data to its prediction.

    Raises:
        BrokenBundle: `engine-missing`, or `model-refused` with the library's reason.
    """
    for folder in recipe.code:
        path = os.path.join(root, folder)
        if path not in sys.path:
            # As MLflow does: the model's own modules go before installed ones.
            sys.path.insert(0, path)
    try:
        return _LOADERS[recipe.loader](root, recipe)
    except BrokenBundle:
        raise
    except Exception as cause:
        # Whatever unpickling runs into is named here, once, at initialisation.
        said = " ".join(f"{type(cause).__name__}: {cause}".split())[:600]
        raise BrokenBundle(
            "model-refused", f"{recipe.loader} cannot load the model: {said}"
        ) from cause


def _pyfunc(root: str, _recipe: Recipe) -> Predict:
    loaded = library("mlflow.pyfunc").load_model(root)
    predict: Predict = loaded.predict
    return predict


def _sklearn(root: str, recipe: Recipe) -> Predict:
    model = _unpickled(os.path.join(root, recipe.file), recipe)
    predict: Predict = getattr(model, recipe.predict_fn)
    return predict


def _lightgbm(root: str, recipe: Recipe) -> Predict:
    path = os.path.join(root, recipe.file)
    if recipe.format:
        model = _unpickled(path, recipe)
    else:
        model = library("lightgbm").Booster(model_file=path)
    predict: Predict = model.predict
    return predict


def _xgboost(root: str, recipe: Recipe) -> Predict:
    module, _, name = recipe.model_class.rpartition(".")
    model = getattr(library(module), name)()
    model.load_model(os.path.join(root, recipe.file))
    # A matrix has no names; the deployer has compared them, in order.
    validate = not recipe.matrix
    xgboost = library("xgboost")
    if isinstance(model, xgboost.Booster):
        matrix = xgboost.DMatrix
        return lambda data: model.predict(matrix(data), validate_features=validate)
    return lambda data: model.predict(data, validate_features=validate)


def _catboost(root: str, recipe: Recipe) -> Predict:
    module, _, name = recipe.model_class.rpartition(".")
    model = getattr(library(module), name)()
    model.load_model(os.path.join(root, recipe.file), recipe.format)
    predict: Predict = model.predict
    return predict


def _statsmodels(root: str, recipe: Recipe) -> Predict:
    model = _unpickled(os.path.join(root, recipe.file), recipe)
    predict: Predict = model.predict
    return predict


_LOADERS = {
    "sklearn": _sklearn,
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "catboost": _catboost,
    "statsmodels": _statsmodels,
    "pyfunc": _pyfunc,
}


def _unpickled(path: str, recipe: Recipe) -> Any:
    """
    The object in the file at *path*.

    A pickle is code. It is run because the deployer was asked to deploy this very
    model, by its digest, and only in the format that its MLmodel records.
    """
    if recipe.format == "skops":
        return library("skops.io").load(path, trusted=list(recipe.trusted))
    with open(path, "rb") as file:
        if recipe.format == "cloudpickle":
            return library("cloudpickle").load(file)
        if recipe.format == "pickle":
            return pickle.load(file)  # noqa: S301 - see above
    raise BrokenBundle("model-refused", f"the format {recipe.format!r} is not known")
