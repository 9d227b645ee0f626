"""Training-like ranges, recovered from the fitted estimator.

One function for each kind of transformer says what it learnt and how its features
follow from the columns; to teach the gate a new one, write it and add it to
`TRANSFORM`. Nothing here must fail: what is not understood is simply not known.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from mlflow_serverless.verify.samples.knowledge import (
    Feature,
    Features,
    Knowledge,
    Notebook,
)
from mlflow_serverless.verify.samples.predictors import learn_predictor, members_of

Transform = Callable[[Any, Features, Notebook], Features | None]
"""A fitted transformer and its input features to its output features, or None."""


def recover(estimator: Any, names: Sequence[str]) -> Knowledge:
    """What *estimator*, fed with the columns *names*, tells about them."""
    notebook = Notebook(len(names))
    start: Features = tuple(Feature(i) for i in range(len(names)))
    if estimator is not None:
        with suppress(Exception):  # knowledge is a help, never a condition
            _walk(estimator, start, notebook, tuple(names))
    return notebook.knowledge()


def _walk(
    step: Any, features: Features, notebook: Notebook, names: tuple[str, ...]
) -> Features | None:
    """Follow *features* through *step*; None where nothing can be said any more."""
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return features
    for mark, follow in COMPOSITE.items():
        if hasattr(step, mark):
            return follow(step, features, notebook, names)
    if hasattr(step, "transform") and not hasattr(step, "predict"):
        return _transformed(step, features, notebook)
    for inner in _wrapped(step):
        _walk(inner, features, notebook, names)
    learn_predictor(step, features, notebook)
    return None


def _transformed(step: Any, features: Features, notebook: Notebook) -> Features | None:
    known = TRANSFORM.get(type(step).__name__)
    if known is not None:
        return known(step, features, notebook)
    if hasattr(step, "get_support"):
        kept = step.get_support()
        return tuple(f for f, keep in zip(features, kept, strict=True) if keep)
    return None


def _pipeline(
    step: Any, features: Features, notebook: Notebook, names: tuple[str, ...]
) -> Features | None:
    current: Features | None = features
    for _, part in step.steps:
        if current is None:
            current = (None,) * int(getattr(part, "n_features_in_", 0))
        current = _walk(part, current, notebook, names)
    return current


def _column_transformer(
    step: Any, features: Features, notebook: Notebook, names: tuple[str, ...]
) -> Features | None:
    result: list[Feature | None] = []
    known = True
    for _, part, columns in step.transformers_:
        if isinstance(part, str) and part == "drop":
            continue
        chosen = tuple(features[i] for i in _positions(columns, names))
        made = _walk(part, chosen, notebook, names) if chosen else ()
        known &= made is not None
        result.extend(made or ())
    return tuple(result) if known else None


def _positions(columns: Any, names: tuple[str, ...]) -> list[int]:
    """A ColumnTransformer's column choice, as positions."""
    if isinstance(columns, slice):
        return list(range(len(names)))[columns]
    chosen = [columns] if isinstance(columns, str | int) else list(columns)
    if chosen and isinstance(chosen[0], bool | np.bool_):
        return [i for i, kept in enumerate(chosen) if kept]
    return [names.index(c) if isinstance(c, str) else int(c) for c in chosen]


def _union(
    step: Any, features: Features, notebook: Notebook, names: tuple[str, ...]
) -> Features | None:
    made = [_walk(p, features, notebook, names) for _, p in step.transformer_list]
    known = [part for part in made if part is not None]
    return tuple(f for part in known for f in part) if len(known) == len(made) else None


def _wrapped(step: Any) -> list[Any]:
    """Estimators inside a meta-estimator that see its own input."""
    inner = [
        getattr(step, name)
        for name in (
            "best_estimator_",
            "estimator_",
            "regressor_",
            "calibrated_classifiers_",
        )
        if hasattr(step, name)
    ]
    if hasattr(step, "estimators_") and not hasattr(step, "estimators_features_"):
        inner.extend(m for m in members_of(step) if not hasattr(m, "tree_"))
    flat = [i for item in inner for i in (item if isinstance(item, list) else [item])]
    return [
        getattr(item, "estimator", item) if hasattr(item, "calibrators") else item
        for item in flat
    ]


def _stretched(center: Any, scale: Any) -> Callable[[int, Feature], Feature]:
    """The features after `(x - center) / scale`, either None."""

    def after(number: int, feature: Feature) -> Feature:
        c = 0.0 if center is None else float(np.ravel(center)[number])
        s = 1.0 if scale is None else float(np.ravel(scale)[number])
        return Feature(
            feature.column, feature.center + c * feature.scale, s * feature.scale
        )

    return after


def _affine(features: Features, center: Any, scale: Any) -> Features:
    after = _stretched(center, scale)
    return tuple(None if f is None else after(i, f) for i, f in enumerate(features))


def _standard(step: Any, features: Features, notebook: Notebook) -> Features:
    made = _affine(features, step.mean_, step.scale_)
    for feature in made:
        notebook.saw(feature, np.array([-3.0, 0.0, 3.0]))
    return made


def _robust(step: Any, features: Features, notebook: Notebook) -> Features:
    made = _affine(features, step.center_, step.scale_)
    for feature in made:
        notebook.saw(feature, np.array([-2.5, 0.0, 2.5]))
    return made


def _minmax(step: Any, features: Features, notebook: Notebook) -> Features:
    for i, feature in enumerate(features):
        notebook.saw(feature, np.array([step.data_min_[i], step.data_max_[i]], float))
    return _affine(features, -step.min_ / step.scale_, 1 / step.scale_)


def _maxabs(step: Any, features: Features, notebook: Notebook) -> Features:
    for i, feature in enumerate(features):
        notebook.saw(feature, np.array([-step.max_abs_[i], step.max_abs_[i]], float))
    return _affine(features, None, step.scale_)


def _imputer(step: Any, features: Features, notebook: Notebook) -> Features:
    kept: list[Feature | None] = []
    for feature, fill in zip(features, step.statistics_, strict=True):
        if isinstance(fill, str):
            notebook.categories(feature, [fill])
        elif fill is None or fill != fill:  # noqa: PLR0124 - an all-missing column is dropped
            continue
        else:
            notebook.saw(feature, np.array([float(fill)]))
        kept.append(feature)
    extra = getattr(step, "indicator_", None)
    return (*kept, *(None,) * (0 if extra is None else len(extra.features_)))


def _categories(step: Any, features: Features, notebook: Notebook) -> Features | None:
    for feature, found in zip(features, step.categories_, strict=True):
        notebook.categories(feature, list(np.asarray(found, dtype=object)))
    names = getattr(step, "get_feature_names_out", None)
    return None if names is None else (None,) * len(names())


def _bins(step: Any, features: Features, notebook: Notebook) -> Features | None:
    for feature, edges in zip(features, step.bin_edges_, strict=True):
        notebook.splits(feature, np.asarray(edges, float), single=False)
    return (None,) * len(step.get_feature_names_out())


def _binarizer(step: Any, features: Features, notebook: Notebook) -> Features:
    for feature in features:
        notebook.splits(feature, np.array([float(step.threshold)]), single=False)
    return (None,) * len(features)


def _quantiles(step: Any, features: Features, notebook: Notebook) -> Features:
    for i, feature in enumerate(features):
        notebook.saw(feature, np.asarray(step.quantiles_[:, i], float))
    return (None,) * len(features)


def _splines(step: Any, features: Features, notebook: Notebook) -> Features:
    """The knots that data lay between; others may raise outside."""
    for feature, spline in zip(features, step.bsplines_, strict=True):
        notebook.saw(feature, np.asarray(spline.t[spline.k : -spline.k or None], float))
    return (None,) * int(step.n_features_out_)


def _filled(step: Any, features: Features, notebook: Notebook) -> Features | None:
    """Rows that an imputer keeps; it passes on what is there."""
    kept = getattr(step, "_fit_X", None)
    if isinstance(kept, np.ndarray) and kept.dtype.kind == "f":
        for feature, column in zip(features, kept.T, strict=True):
            notebook.saw(feature, column[np.isfinite(column)])
    width = len(step.get_feature_names_out())
    return (*features, *(None,) * (width - len(features))) if width else None


def _function(step: Any, features: Features, _: Notebook) -> Features | None:
    return features if step.func is None else None


Follow = Callable[[Any, Features, Notebook, tuple[str, ...]], Features | None]

COMPOSITE: dict[str, Follow] = {
    "steps": _pipeline,
    "transformers_": _column_transformer,
    "transformer_list": _union,
}
"""What holds other transformers, by the attribute that holds them."""

TRANSFORM: dict[str, Transform] = {
    "StandardScaler": _standard,
    "RobustScaler": _robust,
    "MinMaxScaler": _minmax,
    "MaxAbsScaler": _maxabs,
    "SimpleImputer": _imputer,
    "OneHotEncoder": _categories,
    "OrdinalEncoder": _categories,
    "TargetEncoder": _categories,
    "KBinsDiscretizer": _bins,
    "Binarizer": _binarizer,
    "QuantileTransformer": _quantiles,
    "SplineTransformer": _splines,
    "KNNImputer": _filled,
    "IterativeImputer": _filled,
    "FunctionTransformer": _function,
}
"""Transformers whose learnt state says where values lie, by class name."""
