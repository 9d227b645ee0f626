"""Estimators of several targets, and of targets in other units."""

from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.frame import side_by_side
from mlflow_serverless.convert.lower.registry import (
    Data,
    ManyLabels,
    lower_matrix,
    lowers,
)
from mlflow_serverless.convert.lower.symbol import Sym
from mlflow_serverless.convert.recipes.combine import columns_of, labels_of
from mlflow_serverless.convert.recipes.numeric import doubles


@lowers(MultiOutputClassifier, method="predict")
def many_classes(model: Any, data: Data) -> ManyLabels:
    """Each output's own classifier."""
    return ManyLabels(tuple(labels_of(member, data) for member in model.estimators_))


@lowers(MultiOutputRegressor, method="predict")
def many_values(model: Any, data: Data) -> Sym:
    """Each output's own regressor."""
    return columns_of([lower_matrix(m, "predict", data) for m in model.estimators_])


@lowers(RegressorChain, method="predict")
def chained_values(model: Any, data: Data) -> Sym:
    """Each regressor sees what those before it said."""
    value, said = doubles(data), list[Sym]()
    for member in model.estimators_:
        seen = side_by_side([value, *(s.unsqueeze(1) for s in said)]).matrix()
        said.append(lower_matrix(member, "predict", seen).cast("float64"))
    return columns_of([said[i] for i in np.argsort(model.order_)])


@lowers(ClassifierChain, method="predict")
def chained_classes(model: Any, data: Data) -> Sym:
    """Each classifier sees what those before it said; answers are float64."""
    if getattr(model, "chain_method_", "predict") != "predict":
        raise NoConversionError(why="its chain hands on no labels", of=model)
    value, said = doubles(data), list[Sym]()
    for member in model.estimators_:
        seen = side_by_side([value, *(s.unsqueeze(1) for s in said)]).matrix()
        labels = labels_of(member, seen)
        kept = np.asarray(labels.classes, np.float64)
        said.append(labels.index.graph.gather(kept, labels.index))
    return columns_of([said[i] for i in np.argsort(model.order_)])


@lowers(TransformedTargetRegressor, method="predict")
def back_transformed(model: Any, data: Data) -> Sym:
    """What the regressor says, in the target's own units."""
    said = lower_matrix(model.regressor_, "predict", data).cast("float64")
    wide = said.unsqueeze(1) if len(said.shape) == 1 else said
    value = lower_matrix(model.transformer_, "inverse_transform", wide)
    flat = model._training_dim == 1 and value.width == 1  # noqa: SLF001
    return value.squeeze(1) if flat else value
