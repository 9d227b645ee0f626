"""Ensembles of any estimators: adaptive boosting, bagging, voting, stacking."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    IsolationForest,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower import trees
from mlflow_serverless.convert.lower.frame import Frame, frame_of, side_by_side
from mlflow_serverless.convert.lower.registry import (
    Data,
    Labels,
    has_method,
    lower,
    lower_matrix,
    lowers,
)
from mlflow_serverless.convert.lower.symbol import Sym
from mlflow_serverless.convert.recipes.classify import (
    by_score,
    labels_by_probability,
    log_probabilities,
)
from mlflow_serverless.convert.recipes.combine import (
    added,
    columns_of,
    labels_of,
    one_hot,
    position_in,
    softmax,
)
from mlflow_serverless.convert.recipes.forests import as_trees_see, forest_of


@lowers(AdaBoostClassifier, method="decision_function")
def boost_scores(model: Any, data: Data) -> Sym:
    """Each estimator's weight for the class it names, less a share for the others."""
    size = int(model.n_classes_)
    weights = np.asarray(model.estimator_weights_)[: len(model.estimators_)]
    votes = columns_of([
        position_in(labels_of(member, data), model.classes_)
        for member in model.estimators_
    ])  # fmt: skip
    chosen = votes.unsqueeze(2).equals(np.arange(size)[None, None, :])
    plus, minus = weights[None, :, None], (-1 / (size - 1) * weights)[None, :, None]
    graph = votes.graph
    share = chosen.where(graph.constant(plus), graph.constant(minus))
    scores = share.sum(axis=1) / float(model.estimator_weights_.sum())
    if size == 2:
        return (scores * np.array([[-1.0, 1.0]])).sum()
    return scores


@lowers(AdaBoostClassifier, method="predict")
def boost_classes(model: Any, data: Data) -> Labels:
    """The class with the largest score."""
    scores = boost_scores(model, data)
    return Labels(by_score(scores), np.asarray(model.classes_))


@lowers(AdaBoostClassifier, method="predict_proba")
def boost_chances(model: Any, data: Data) -> Sym:
    """Softmax of the scores."""
    scores = boost_scores(model, data)
    if len(scores.shape) == 1:
        return softmax(columns_of([-scores, scores]) / 2.0)
    return softmax(scores / float(model.n_classes_ - 1))


@lowers(AdaBoostRegressor, method="predict")
def boost_regress(model: Any, data: Data) -> Sym:
    """The weighted median of what the estimators say."""
    said = columns_of([lower_matrix(m, "predict", data) for m in model.estimators_])
    graph, count = said.graph, len(model.estimators_)
    values, order = graph.ops(
        "TopK", said, graph.constant(np.array([count])), largest=0, sorted=1,
        results=[(said.dtype, said.shape), ("int64", said.shape)],
    )  # fmt: skip
    weights = np.asarray(model.estimator_weights_, np.float64)
    sorted_weights = graph.gather(weights, order)
    along = graph.constant(np.array(1))
    reached = graph.op(
        "CumSum", sorted_weights, along, dtype="float64", shape=said.shape
    )
    half = reached.column(count - 1) * 0.5
    place = (reached >= half).cast("int64").argmax().unsqueeze(1)
    return graph.op(
        "GatherElements", values, place, dtype=said.dtype, shape=place.shape, axis=1
    ).squeeze(1)


def _views(model: Any, data: Data) -> list[tuple[Any, Frame]]:
    """Each estimator of a bag, with the columns it was fitted on."""
    frame = frame_of(data)
    return [
        (member, frame.take(features))
        for member, features in zip(
            model.estimators_, model.estimators_features_, strict=True
        )
    ]


@lowers(BaggingClassifier, method="predict_proba")
def bag_chances(model: Any, data: Data) -> Sym:
    """The mean of the probabilities, or of the votes where there are none."""
    size = int(model.n_classes_)
    parts = [_ballot(member, view, size) for member, view in _views(model, data)]
    return added(parts) / float(model.n_estimators)


def _ballot(member: Any, view: Frame, size: int) -> Sym:
    """A member's probabilities over all classes; its classes are positions."""
    if not has_method(member, "predict_proba"):
        labels = labels_of(member, view)
        return one_hot(position_in(labels, np.arange(size)), size)
    chances = lower_matrix(member, "predict_proba", view).cast("float64")
    if len(member.classes_) == size:
        return chances
    return chances @ np.eye(size)[np.asarray(member.classes_, np.int64)]


@lowers(BaggingRegressor, method="predict")
def bag_regress(model: Any, data: Data) -> Sym:
    """The mean of the members."""
    parts = [lower_matrix(m, "predict", view) for m, view in _views(model, data)]
    return added(parts) / float(len(parts))


@lowers(BaggingClassifier, method="decision_function")
def bag_scores(model: Any, data: Data) -> Sym:
    """The mean of the members' scores."""
    views = _views(model, data)
    parts = [lower_matrix(m, "decision_function", view) for m, view in views]
    return added(parts) / float(len(parts))


@lowers(VotingClassifier, method="predict_proba")
def vote_chances(model: Any, data: Data) -> Sym:
    """The weighted mean of the probabilities."""
    weights = _weights(model)
    parts = [
        lower_matrix(member, "predict_proba", data).cast("float64") * weight
        for member, weight in zip(model.estimators_, weights, strict=True)
    ]
    return added(parts) / float(np.sum(weights))


@lowers(VotingClassifier, method="predict")
def vote_classes(model: Any, data: Data) -> Labels:
    """The class with most votes, or with the largest mean probability."""
    classes = np.asarray(model.classes_)
    if model.voting == "soft":
        return Labels(vote_chances(model, data).argmax(), classes)
    places = np.arange(len(classes))
    votes = [
        one_hot(position_in(labels_of(member, data), places), len(places)) * weight
        for member, weight in zip(model.estimators_, _weights(model), strict=True)
    ]
    return Labels(added(votes).argmax(), classes)


@lowers(VotingRegressor, method="predict")
def vote_regress(model: Any, data: Data) -> Sym:
    """The weighted mean of the members."""
    weights = _weights(model)
    parts = [
        lower_matrix(member, "predict", data).cast("float64") * weight
        for member, weight in zip(model.estimators_, weights, strict=True)
    ]
    return added(parts) / float(np.sum(weights))


def _weights(model: Any) -> list[float]:
    kept = model._weights_not_none  # noqa: SLF001 - no public name
    return [1.0] * len(model.estimators_) if kept is None else [float(w) for w in kept]


@lowers(StackingClassifier, StackingRegressor)
def stacked(model: Any, data: Data) -> Frame:
    """What the members say, as the final estimator is given it."""
    parts: list[Data] = [
        _said(model, member, method, data)
        for member, method in zip(model.estimators_, model.stack_method_, strict=True)
    ]
    return side_by_side([*parts, data] if model.passthrough else parts)


def _said(model: Any, member: Any, method: str, data: Data) -> Sym:
    said = lower_matrix(member, method, data)
    if len(said.shape) == 1:
        return said.unsqueeze(1)
    halves = method == "predict_proba" and len(model.classes_) == 2
    return said.take(np.arange(1, said.width)) if halves else said


@lowers(StackingClassifier, method="predict")
def stack_classes(model: Any, data: Data) -> Labels:
    """What the final estimator says, in the classes' own words."""
    final = labels_of(model.final_estimator_, _stack(model, data))
    return Labels(final.index, np.asarray(model.classes_)[final.classes])


def _stack(model: Any, data: Data) -> Frame:
    if isinstance(getattr(model, "_label_encoder", None), list):
        raise NoConversionError(why="it stacks several labels", of=model)
    return stacked(model, data)


def _finally(method: str, kinds: Sequence[type]) -> None:
    @lowers(*kinds, method=method)
    def final(model: Any, data: Data) -> Any:
        return lower(model.final_estimator_, method, _stack(model, data))


_finally("predict_proba", [StackingClassifier])
_finally("decision_function", [StackingClassifier])
_finally("predict", [StackingRegressor])


@lowers(IsolationForest, method="score_samples")
def isolation_scores(model: Any, data: Data) -> Sym:
    """The opposite of two to the power of the mean depth."""
    members = model.estimators_
    depths = zip(
        model._decision_path_lengths,  # noqa: SLF001 - no public name
        model._average_path_length_per_tree,  # noqa: SLF001
        strict=True,
    )
    forest = forest_of(members, [path + mean - 1.0 for path, mean in depths])
    owner = trees.tree_of(forest)
    columns = np.stack([np.asarray(f) for f in model.estimators_features_])
    inner = forest.left >= 0
    looks = np.where(inner, columns[owner, np.where(inner, forest.feature, 0)], 0)
    depth = trees.sums(replace(forest, feature=looks), as_trees_see(data))
    whole = len(members) * float(_average_path(model._max_samples))  # noqa: SLF001
    share = depth.squeeze(1) / whole
    two = depth.graph.constant(2.0)
    return -depth.graph.binary("Pow", two, -share)


def _average_path(samples: int) -> float:
    from sklearn.ensemble._iforest import _average_path_length  # noqa: PLC0415

    return float(_average_path_length([samples])[0])


@lowers(IsolationForest, method="decision_function")
def isolation_decisions(model: Any, data: Data) -> Sym:
    """Scores less the offset that marks outliers."""
    return isolation_scores(model, data) - float(model.offset_)


@lowers(IsolationForest, method="predict")
def isolation_classes(model: Any, data: Data) -> Sym:
    """-1 for outliers, 1 for others."""
    outside = isolation_decisions(model, data) < 0.0
    graph = outside.graph
    return outside.where(graph.constant(-1, "int64"), graph.constant(1, "int64"))


labels_by_probability(BaggingClassifier)
log_probabilities(AdaBoostClassifier, BaggingClassifier)
