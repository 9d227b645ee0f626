"""From an MLmodel file to how the runtime loads and asks the model."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lambda_runtime.manifest import Signature
from lambda_runtime.native.recipe import Recipe
from mlflow_serverless.convert.load import flavor_config
from mlflow_serverless.model import ServableModel

FLOATS = {"double": "float64", "float": "float32"}
NUMBERS = FLOATS | {"long": "int64", "integer": "int32"}

_OWN = ("sklearn.", "xgboost.", "lightgbm.")
"""Libraries whose estimators take a matrix for a table of numbers."""

_ALONE = frozenset({"sklearn", "xgboost", "lightgbm", "catboost", "statsmodels"})
"""Flavours that the runtime loads without mlflow."""

_NAMED = ("ColumnTransformer", "FunctionTransformer", "FeatureUnion")
"""Of these, what they do may depend on names, or is the user's own code."""


def recipe_for(model: ServableModel, estimator: Any) -> Recipe:
    """
    How *model* is loaded: by its library alone where that is known to be the same.

    Args:
        model: Its folder holds MLmodel.
        estimator: What pyfunc loaded; None if it does not hand it out.

    Raises:
        MalformedModelError: MLmodel is not there, or does not know the flavour.
    """
    pyfunc = Recipe("pyfunc")
    if model.flavor not in _ALONE:
        return pyfunc
    if model.flavor != "sklearn" and model.predict_fn != "predict":
        return pyfunc
    config = flavor_config(model.folder, model.flavor)
    file = config.get("pickled_model") or config.get("data")
    if not isinstance(file, str) or not (model.folder / file).is_file():
        return pyfunc
    model_class = _class(model.flavor, config)
    if model.flavor == "xgboost" and not model_class.startswith("xgboost."):
        return pyfunc  # a class of the user's own
    if model.flavor == "statsmodels" and _answers_ranges(estimator):
        return pyfunc
    return Recipe(
        loader=model.flavor,
        file=file,
        format=_format(model.flavor, config),
        trusted=tuple(config.get("skops_trusted_types") or ()),
        model_class=model_class,
        code=_code(model.folder, config),
        predict_fn=model.predict_fn,
        matrix=matrix_for(model.signature, model.flavor, estimator),
    )


def _class(flavor: str, config: Mapping[str, Any]) -> str:
    """Dotted name of the class that reads the library's own format."""
    if flavor == "catboost":
        return f"catboost.{config.get('model_type')}"
    return str(config.get("model_class") or "xgboost.core.Booster")


def _answers_ranges(results: Any) -> bool:
    """Whether mlflow asks fitted *results* for a start and an end, not for rows."""
    if results is None:
        return True
    kinds = type(results.model).__mro__
    return any(kind.__name__ == "TimeSeriesModel" for kind in kinds)


def _format(flavor: str, config: Mapping[str, Any]) -> str:
    """How the object is kept; empty where its library has one format of its own."""
    if flavor == "xgboost":
        return ""
    if flavor == "catboost":
        return str(config.get("save_format") or "cbm")
    if flavor == "lightgbm":
        booster = "lightgbm.basic.Booster"
        if config.get("model_class", booster) == booster:
            return ""
        return str(config.get("serialization_format") or "cloudpickle")
    return str(config.get("serialization_format") or "pickle")


def _code(folder: Path, config: Mapping[str, Any]) -> tuple[str, ...]:
    code = config.get("code")
    return (code,) if isinstance(code, str) and (folder / code).is_dir() else ()


def matrix_for(signature: Signature, flavor: str, estimator: Any) -> str:
    """
    The element type of one matrix that says all that a DataFrame would; else empty.

    Without pandas a cold start is 0.3 s shorter. Boosters cast a table of
    several types column by column, so for them only tables of one float type count.
    """
    types = {column.type for column in signature.columns}
    if not types or not types <= NUMBERS.keys() or estimator is None:
        return ""
    plain = flavor == "sklearn" and all(_is(p, "sklearn.") for p in parts(estimator))
    if not plain and (len(types) > 1 or not types <= FLOATS.keys()):
        return ""
    if any(not _takes_matrix(part) for part in parts(estimator)):
        return ""
    if not _in_order(signature, estimator):
        return ""
    return np.result_type(*(np.dtype(NUMBERS[name]) for name in types)).name


def parts(estimator: Any) -> Iterator[Any]:
    """*estimator* and all estimators inside it."""
    yield estimator
    if not hasattr(estimator, "get_params"):
        return
    for value in estimator.get_params(deep=True).values():
        if hasattr(value, "get_params"):
            yield value


def _is(part: Any, *modules: str) -> bool:
    return f"{type(part).__module__}.".startswith(modules)


def _takes_matrix(part: Any) -> bool:
    plain = _is(part, *_OWN) and type(part).__name__ not in _NAMED
    return plain and not getattr(part, "_sklearn_output_config", None)


def _in_order(signature: Signature, estimator: Any) -> bool:
    """Whether the model knows its columns by the signature's names, in that order."""
    names = [column.name for column in signature.columns]
    known = getattr(estimator, "feature_names_in_", None)
    if known is None:
        known = getattr(estimator, "feature_names", None)  # a Booster's
    if callable(known) or known is None:
        return True
    return list(known) == names
