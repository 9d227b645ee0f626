"""LightGBM's options: objectives, boosters, categories, gaps, linear leaves, APIs."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.breadth import tables
from tests.breadth.case import Case, Trained
from tests.breadth.cases.boosters_xgboost import _large

SMALL = {
    "n_estimators": 12, "num_leaves": 12, "min_child_samples": 5, "random_state": 0,
    "n_jobs": 1, "verbose": -1,
}  # fmt: skip


def cases() -> Iterator[Case]:
    """Each option once, the rest as it comes."""
    yield from _objectives()
    yield from _grown()
    yield from _rows()
    yield from _native_api()


def _sort(kind: str, **given: Any) -> Callable[[], Any]:
    def make() -> Any:
        import lightgbm

        return getattr(lightgbm, kind)(**{**SMALL, **given})

    return make


def _case(
    name: str, make: Callable[[], Any], data: Callable[[], Any], target: Any,
    *, flavor: str = "lightgbm", methods: tuple[str, ...] = ("predict",),
    quick: bool = False, **fit: Any,
) -> Case:  # fmt: skip
    def train() -> Trained:
        rows = data()
        frame = pd.DataFrame(rows, columns=list(tables.NAMES)[: rows.shape[1]])
        return Trained(make().fit(rows, target(frame), **fit), rows, flavor)

    return Case(name=name, group="lightgbm", train=train, methods=methods)


def _objectives() -> Iterator[Case]:
    targets: dict[str, Any] = {
        "regression": tables.score, "regression_l1": tables.score,
        "huber": tables.score, "fair": tables.score, "quantile": tables.score,
        "mape": tables.amount, "poisson": tables.amount, "gamma": tables.amount,
        "tweedie": tables.amount, "cross_entropy": tables.truth,
        "cross_entropy_lambda": tables.truth, "binary": tables.truth,
    }  # fmt: skip
    for objective, target in targets.items():
        make = _sort("LGBMRegressor", objective=objective)
        yield _case(f"regressor, {objective}", make, tables.numbers, target)
    root = _sort("LGBMRegressor", reg_sqrt=True)
    yield _case("regressor, reg_sqrt", root, tables.numbers, tables.score)
    both = ("predict", "predict_proba")
    for name, target, given in (
        ("binary", tables.two, {}),
        ("binary, sigmoid 2", tables.two, {"sigmoid": 2.0}),
        ("binary, unbalanced", tables.two, {"is_unbalance": True}),
        ("multiclass", tables.three, {}),
        ("multiclassova", tables.three, {"objective": "multiclassova"}),
    ):
        make = _sort("LGBMClassifier", **given)
        yield _case(
            f"classifier, {name}", make, tables.numbers, target, flavor="sklearn",
            methods=both,
        )  # fmt: skip


def _grown() -> Iterator[Case]:
    options: dict[str, dict[str, Any]] = {
        "dart": {"boosting_type": "dart"},
        "rf": {"boosting_type": "rf", "subsample": 0.7, "subsample_freq": 1},
        "goss": {"data_sample_strategy": "goss"},
        "linear_tree": {"linear_tree": True},
        "extra_trees": {"extra_trees": True},
        "max_depth": {"max_depth": 3},
        "one leaf": {"min_child_samples": 200},
        "zero_as_missing": {"zero_as_missing": True},
        "no missing": {"use_missing": False},
    }
    for name, given in options.items():
        for kind, target in (
            ("LGBMRegressor", tables.score),
            ("LGBMClassifier", tables.two),
        ):
            text = f"{kind[4:].lower()}, {name}"
            yield _case(text, _sort(kind, **given), _sparse, target)
            if name in {"linear_tree", "zero_as_missing", "no missing"}:
                yield _case(f"{text}, gaps", _sort(kind, **given), _gaps, target)
    yield Case(name="early stopping", group="lightgbm", train=_early)
    yield Case(name="ranker", group="lightgbm", train=_ranker)


def _sparse() -> pd.DataFrame:
    """A good part zeros, and near them."""
    data = tables.numbers()
    rng = np.random.default_rng(2)
    data = data.mask(rng.random(data.shape) < 0.3, 0.0)
    data.iloc[::17, 0] = 1e-36
    return data


def _gaps() -> pd.DataFrame:
    return tables.gaps(_sparse())


def _rows() -> Iterator[Case]:
    yield _case("gaps", _sort("LGBMClassifier"), _gaps, tables.three)
    yield _case("large values", _sort("LGBMRegressor"), _large, tables.score)
    yield _case("large values, classes", _sort("LGBMClassifier"), _large, tables.two)
    yield _case(
        "float32 matrix", _sort("LGBMClassifier"),
        lambda: tables.numbers().to_numpy(np.float32), tables.truth,
    )  # fmt: skip
    yield _case("integers", _sort("LGBMRegressor"), tables.counts, tables.score)
    for name, data in (("integers", tables.counts), ("floats with gaps", _coded)):
        for small in (4, 0):
            make = _sort(
                "LGBMRegressor", max_cat_to_onehot=small or 1, min_data_per_group=3
            )
            text = "one-hot" if small else "sets"
            yield _case(
                f"categorical {name}, {text}", make, data, tables.score,
                categorical_feature=[0, 1, 4],
            )  # fmt: skip


def _coded() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    data = pd.DataFrame(
        rng.integers(0, 40, (tables.ROWS, 5)), columns=list(tables.NAMES)
    )
    return tables.gaps(data)


def _early() -> Trained:
    import lightgbm

    data, held = tables.numbers(), tables.numbers(5)
    model = lightgbm.LGBMClassifier(**{**SMALL, "n_estimators": 80})
    model.fit(
        data, tables.three(data), eval_set=[(held, tables.three(held))],
        callbacks=[lightgbm.early_stopping(3, verbose=False)],
    )  # fmt: skip
    return Trained(model, data, "lightgbm")


def _ranker() -> Trained:
    import lightgbm

    data = tables.numbers()
    model = lightgbm.LGBMRanker(**SMALL)
    model.fit(data, tables.three(data), group=[12] * (len(data) // 12))
    return Trained(model, data, "lightgbm")


def _native_api() -> Iterator[Case]:
    for name, target, given in (
        ("regression", tables.score, {}),
        ("binary", tables.truth, {}),
        ("multiclass", tables.three, {"num_class": 3}),
        ("multiclassova", tables.three, {"num_class": 3}),
        ("poisson", tables.amount, {}),
        ("cross_entropy_lambda", tables.truth, {}),
        ("lambdarank", tables.three, {}),
    ):
        yield Case(
            name=f"Booster, {name}", group="lightgbm",
            train=lambda n=name, t=target, g=given: _booster(n, t, g),
        )  # fmt: skip


def _booster(name: str, target: Any, given: dict[str, Any]) -> Trained:
    import lightgbm

    data = tables.numbers()
    group = [12] * (len(data) // 12) if name == "lambdarank" else None
    rows = lightgbm.Dataset(data, target(data), group=group)
    params = {"objective": name, "num_leaves": 12, "min_data_in_leaf": 5,
              "num_threads": 1, "verbose": -1, **given}  # fmt: skip
    return Trained(lightgbm.train(params, rows, 12), data, "lightgbm")
