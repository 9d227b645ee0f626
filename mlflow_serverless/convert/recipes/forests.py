"""scikit-learn's trees and forests.

They round data to float32 and compare it with float64 thresholds; so does the graph:
a cast to float32 and back, and trees that compare in float64.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower import trees
from mlflow_serverless.convert.lower.registry import (
    Data,
    Labels,
    ManyLabels,
    lowers,
)
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.lower.trees import Forest
from mlflow_serverless.convert.recipes.classify import log_probabilities
from mlflow_serverless.convert.recipes.numeric import singles

CLASSIFIERS = (
    RandomForestClassifier, ExtraTreesClassifier,
    DecisionTreeClassifier, ExtraTreeClassifier,
)  # fmt: skip
REGRESSORS = (
    RandomForestRegressor, ExtraTreesRegressor,
    DecisionTreeRegressor, ExtraTreeRegressor,
)  # fmt: skip


def forest_of(members: Sequence[Any], values: Sequence[Array]) -> Forest:
    """
    Fitted scikit-learn trees as one forest.

    Args:
        members: Objects with a `tree_`.
        values: What the nodes of each tree say, `(nodes,)` or `(nodes, k)`.
    """
    return trees.joined([
        _tree(member.tree_, value)
        for member, value in zip(members, values, strict=True)
    ])  # fmt: skip


def _tree(tree: Any, value: Array) -> Forest:
    missing = getattr(tree, "missing_go_to_left", None)
    return Forest(
        feature=tree.feature.astype(np.int64),
        threshold=tree.threshold,
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        value=value,
        roots=np.zeros(1, np.int64),
        missing_left=None if missing is None else missing.astype(bool),
    )


def as_trees_see(data: Data) -> Sym:
    """Data rounded to float32, in the type that trees compare in."""
    value = singles(data)
    return value if value.graph.unrolls else value.cast("float64")


def members_of(model: Any) -> Sequence[Any]:
    """The trees of a forest; a lone tree is its own forest."""
    return list(getattr(model, "estimators_", [model]))


def _totals(members: Sequence[Any], data: Data, of: int, width: int) -> Sym:
    """Leaf values of output *of*, added up over the trees, `(rows, width)`."""
    seen = as_trees_see(data)
    values = [m.tree_.value[:, of, :width] for m in members]
    if width == 1:
        forest = forest_of(members, [value[:, 0] for value in values])
        return trees.sums(forest, seen)
    return trees.vectors(forest_of(members, values), seen).sum(axis=1)


def _chances(model: Any, data: Data, of: int, classes: int) -> Sym:
    """Probabilities of output *of*, `(rows, classes)`."""
    members = members_of(model)
    count = float(len(members))
    if classes != 2:
        return _totals(members, data, of, classes) / count
    # two classes need one sum: what is left of the trees' votes is the other's
    seen = as_trees_see(data)
    forest = forest_of(members, [m.tree_.value[:, of, 1] for m in members])
    second = trees.sums(forest, seen)
    first = second.graph.binary("Sub", second.graph.constant(count), second)
    return second.graph.concat([first, second]) / count


@lowers(*CLASSIFIERS, method="predict_proba")
def probabilities(model: Any, data: Data) -> Sym:
    """The mean of what the leaves say."""
    if model.n_outputs_ > 1:
        why = "predict_proba of several outputs is a list of arrays"
        raise NoConversionError(why, of=model)
    return _chances(model, data, 0, int(model.n_classes_))


@lowers(*CLASSIFIERS, method="predict")
def classes(model: Any, data: Data) -> Labels | ManyLabels:
    """The first class with the largest mean."""
    if model.n_outputs_ == 1:
        chances = _chances(model, data, 0, int(model.n_classes_))
        return Labels(chances.argmax(), np.asarray(model.classes_))
    parts = [
        Labels(_chances(model, data, k, int(count)).argmax(), np.asarray(classes))
        for k, (count, classes) in enumerate(
            zip(model.n_classes_, model.classes_, strict=True)
        )
    ]
    return ManyLabels(tuple(parts))


log_probabilities(*CLASSIFIERS)


@lowers(*REGRESSORS, method="predict")
def regress(model: Any, data: Data) -> Sym:
    """The mean of the leaves."""
    members = members_of(model)
    count = float(len(members))
    if model.n_outputs_ == 1:
        return (_totals(members, data, 0, 1) / count).squeeze(1)
    seen = as_trees_see(data)
    values = [m.tree_.value[:, :, 0] for m in members]
    return trees.vectors(forest_of(members, values), seen).sum(axis=1) / count
