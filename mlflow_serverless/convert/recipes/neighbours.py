"""Nearest points and nearest centres."""

from typing import Any

import numpy as np
from sklearn.cluster import (
    AffinityPropagation,
    Birch,
    BisectingKMeans,
    FeatureAgglomeration,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
)
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestCentroid,
    RadiusNeighborsRegressor,
)

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.registry import Data, Labels, lowers
from mlflow_serverless.convert.lower.symbol import Sym
from mlflow_serverless.convert.recipes import distance
from mlflow_serverless.convert.recipes.classify import (
    labels_by_probability,
    log_probabilities,
)
from mlflow_serverless.convert.recipes.combine import normalised_logs
from mlflow_serverless.convert.recipes.numeric import doubles


def _away(model: Any, data: Data) -> Sym:
    """Distances to the points that the model keeps."""
    points = model._fit_X  # noqa: SLF001 - no public name
    if not isinstance(points, np.ndarray) or callable(model.metric):
        why = "its points are sparse, or its metric is Python code"
        raise NoConversionError(why, of=model)
    params = model.effective_metric_params_ or {}
    return distance.between(
        doubles(data), points.astype(np.float64), model.effective_metric_,
        float(params.get("p", 2)),
    )  # fmt: skip


def _found(model: Any, data: Data) -> tuple[Sym | None, Sym]:
    """Weights (None if all count the same) and places of the nearest points."""
    away = _away(model, data)
    distances, places = distance.nearest(away, int(model.n_neighbors))
    places.graph.warnings.append(
        "of equally near points the first count; scikit-learn's own search may pick "
        "others of them"
    )
    model_weights = model.weights
    if model_weights == "uniform":
        return None, places
    if model_weights != "distance":
        raise NoConversionError(why="its weights are Python code", of=model)
    return _by_distance(distances), places


def _by_distance(distances: Sym) -> Sym:
    """One over the distance; where some are zero, those alone count."""
    touches = distances.equals(0.0)
    any_touch = touches.cast("float64").sum(keepdims=True) > 0.0
    return any_touch.where(touches.cast("float64"), distances.map("Reciprocal"))


@lowers(KNeighborsClassifier, method="predict_proba")
def chances(model: Any, data: Data) -> Sym:
    """The share of each class among the nearest points."""
    if model.outputs_2d_:
        raise NoConversionError(why="it has several outputs", of=model)
    weights, places = _found(model, data)
    size, own = len(model.classes_), np.ravel(model._y)  # noqa: SLF001
    votes = places.graph.gather(np.eye(size)[own], places)
    if weights is not None:
        votes *= weights.unsqueeze(2)
    total = votes.sum(axis=1)
    return total / total.sum(keepdims=True)


labels_by_probability(KNeighborsClassifier)
log_probabilities(KNeighborsClassifier)


@lowers(KNeighborsRegressor, method="predict")
def regress(model: Any, data: Data) -> Sym:
    """The mean of the nearest points' targets."""
    weights, places = _found(model, data)
    own = np.asarray(model._y, np.float64)  # noqa: SLF001 - no public name
    table = own[:, None] if own.ndim == 1 else own
    values = places.graph.gather(table, places)
    if weights is None:
        mean = values.sum(axis=1) / float(model.n_neighbors)
    else:
        heavy = (values * weights.unsqueeze(2)).sum(axis=1)
        mean = heavy / weights.sum(keepdims=True)
    return mean.squeeze(1) if own.ndim == 1 else mean


@lowers(RadiusNeighborsRegressor, method="predict")
def regress_around(model: Any, data: Data) -> Sym:
    """The mean of all points within the radius; NaN where there is none."""
    away = _away(model, data)
    inside = away <= float(model.radius)
    weights = inside.cast("float64")
    if model.weights == "distance":
        touches = away.equals(0.0).cast("float64")
        near = inside.where(away.map("Reciprocal"), 0.0)
        weights = (touches.sum(keepdims=True) > 0.0).where(touches, near)
    elif model.weights != "uniform":
        raise NoConversionError(why="its weights are Python code", of=model)
    own = np.asarray(model._y, np.float64)  # noqa: SLF001 - no public name
    mean = (weights @ own.reshape(len(own), -1)) / weights.sum(keepdims=True)
    return mean.squeeze(1) if own.ndim == 1 else mean


@lowers(BisectingKMeans, method="predict")
def bisected(model: Any, data: Data) -> Sym:
    """Down the tree of clusters, to the nearer of two centres each time."""
    shift = getattr(model, "_X_mean", 0.0)
    return _bisected(model._bisecting_tree, doubles(data), shift)  # noqa: SLF001


def _bisected(node: Any, value: Sym, shift: Any) -> Sym:
    if node.left is None:
        first = value.column(0).squeeze(1)
        return value.graph.fill(first, int(node.label), "int32")
    centres = np.vstack((node.left.center, node.right.center)) + shift
    place = distance.nearest_by_lloyd(value, np.asarray(centres, np.float64))
    nearer = place.equals(0)
    left = _bisected(node.left, value, shift)
    return nearer.where(left, _bisected(node.right, value, shift))


@lowers(NearestCentroid, method="predict")
def nearest_class(model: Any, data: Data) -> Labels:
    """The class of the nearest centroid."""
    uniform = np.isclose(model.class_prior_, 1 / len(model.classes_)).all()
    if not uniform:
        scores = _centroid_scores(model, data)
        return Labels(scores.argmax(), np.asarray(model.classes_))
    centres = np.asarray(model.centroids_, np.float64)
    if model.metric == "euclidean":
        place = distance.nearest_by_argkmin(doubles(data), centres)
    else:
        away = distance.between(doubles(data), centres, model.metric)
        place = away.reduce("ArgMin", like="int64")
    return Labels(place, np.asarray(model.classes_))


def _centroid_scores(model: Any, data: Data) -> Sym:
    """Log posteriors up to a constant, `(rows, classes)`."""
    spread = np.asarray(model.within_class_std_dev_, np.float64)
    widths = np.where(spread != 0, spread, 1.0)
    centres = np.asarray(model.centroids_, np.float64) / widths
    near = doubles(data) / widths[None, :]
    if model.metric == "euclidean":
        away = distance.expanded_as_sklearn(near, centres).map("Sqrt")
    else:
        away = distance.between(near, centres, model.metric)
    result: Sym = -(away * away) + (2.0 * np.log(model.class_prior_))[None, :]
    return result


@lowers(NearestCentroid, method="decision_function")
def centroid_decisions(model: Any, data: Data) -> Sym:
    """Log posteriors, or their difference where there are two classes."""
    scores = _centroid_scores(model, data)
    if scores.width == 2:
        return (scores.column(1) - scores.column(0)).squeeze(1)
    return scores


@lowers(NearestCentroid, method="predict_log_proba")
def centroid_logs(model: Any, data: Data) -> Sym:
    """Posteriors, normalised."""
    return normalised_logs(_centroid_scores(model, data))


@lowers(NearestCentroid, method="predict_proba")
def centroid_chances(model: Any, data: Data) -> Sym:
    """The exponential of the log probabilities."""
    return centroid_logs(model, data).map("Exp")


@lowers(KMeans, MiniBatchKMeans, MeanShift, AffinityPropagation, method="predict")
def cluster(model: Any, data: Data) -> Sym:
    """The position of the nearest centre."""
    centres = np.asarray(model.cluster_centers_, np.float64)
    if isinstance(model, KMeans | MiniBatchKMeans):
        return distance.nearest_by_lloyd(doubles(data), centres).cast("int32")
    return distance.nearest_by_argkmin(doubles(data), centres)


@lowers(Birch, method="predict")
def birch(model: Any, data: Data) -> Sym:
    """The cluster of the nearest subcluster."""
    centres = np.asarray(model.subcluster_centers_, np.float64)
    place = distance.nearest_by_argkmin(doubles(data), centres)
    return place.graph.gather(np.asarray(model.subcluster_labels_), place)


@lowers(FeatureAgglomeration)
def agglomerated(model: Any, data: Data) -> Sym:
    """The mean of each cluster of columns."""
    if model.pooling_func is not np.mean:
        raise NoConversionError(why="it does not pool by the mean", of=model)
    member = np.asarray(model.labels_)[:, None] == np.unique(model.labels_)[None, :]
    total: Sym = doubles(data) @ member.astype(np.float64)
    result: Sym = total / member.sum(axis=0)[None, :]
    return result


@lowers(Birch)
def to_subclusters(model: Any, data: Data) -> Sym:
    """Distances to the subclusters."""
    centres = np.asarray(model.subcluster_centers_, np.float64)
    return distance.expanded_as_sklearn(doubles(data), centres).map("Sqrt")


@lowers(KMeans, MiniBatchKMeans, BisectingKMeans)
def to_centres(model: Any, data: Data) -> Sym:
    """Distances to the centres."""
    centres = np.asarray(model.cluster_centers_, np.float64)
    return distance.expanded_as_sklearn(doubles(data), centres).map("Sqrt")
