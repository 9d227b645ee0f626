"""XGBoost's options: objectives, boosters, categories, gaps, several outputs, APIs."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.breadth import tables
from tests.breadth.case import Case, Trained

ASKED_BOTH = {"flavor": "sklearn", "methods": ("predict", "predict_proba")}
"""MLflow's own flavour for it cannot ask for probabilities; scikit-learn's can."""

SMALL = {"n_estimators": 12, "max_depth": 4, "random_state": 0, "n_jobs": 1}


def cases() -> Iterator[Case]:
    """Each option once, the rest as it comes."""
    yield from _objectives()
    yield from _grown()
    yield from _rows()
    yield from _native_api()


def _case(
    name: str,
    make: Callable[[], Any],
    data: Callable[[], Any],
    target: Any,
    **said: Any,
) -> Case:
    flavor = said.pop("flavor", "xgboost")

    def train() -> Trained:
        rows = data()
        frame = pd.DataFrame(rows, columns=list(tables.NAMES)[: rows.shape[1]])
        return Trained(make().fit(rows, target(frame)), rows, flavor)

    return Case(name=name, group="xgboost", train=train, **said)


def _sort(kind: str, **given: Any) -> Callable[[], Any]:
    def make() -> Any:
        import xgboost

        return getattr(xgboost, kind)(**{**SMALL, **given})

    return make


def _objectives() -> Iterator[Case]:
    targets: dict[str, Any] = {
        "reg:squarederror": tables.score, "reg:squaredlogerror": tables.amount,
        "reg:pseudohubererror": tables.score, "reg:absoluteerror": tables.score,
        "reg:logistic": tables.truth, "binary:logistic": tables.truth,
        "binary:logitraw": tables.truth, "binary:hinge": tables.truth,
        "count:poisson": tables.amount, "reg:gamma": tables.amount,
        "reg:tweedie": tables.amount, "survival:cox": tables.amount,
    }  # fmt: skip
    for objective, target in targets.items():
        make = _sort("XGBRegressor", objective=objective)
        yield _case(f"regressor, {objective}", make, tables.numbers, target)
    quantiles = _sort(
        "XGBRegressor", objective="reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9]
    )
    yield _case("regressor, 3 quantiles", quantiles, tables.numbers, tables.score)
    one = _sort("XGBRegressor", objective="reg:quantileerror", quantile_alpha=0.3)
    yield _case("regressor, 1 quantile", one, tables.numbers, tables.score)
    for objective in ("binary:logistic", "binary:hinge", "binary:logitraw"):
        make = _sort("XGBClassifier", objective=objective)
        yield _case(
            f"classifier, {objective}", make, tables.numbers, tables.truth,
            **ASKED_BOTH,
        )  # fmt: skip
    for objective in ("multi:softprob", "multi:softmax"):
        make = _sort("XGBClassifier", objective=objective)
        yield _case(
            f"classifier, {objective}", make, tables.numbers, tables.three,
            **ASKED_BOTH,
        )  # fmt: skip


def _grown() -> Iterator[Case]:
    options: dict[str, dict[str, Any]] = {
        "dart": {"booster": "dart", "rate_drop": 0.3},
        "dart, no drops": {"booster": "dart"},
        "gblinear": {"booster": "gblinear", "max_depth": None},
        "lossguide": {"grow_policy": "lossguide", "max_leaves": 9},
        "exact": {"tree_method": "exact"},
        "approx": {"tree_method": "approx"},
        "base_score": {"base_score": 0.2},
        "monotone": {"monotone_constraints": (1, 0, -1, 0, 0)},
        "parallel trees": {"num_parallel_tree": 3, "subsample": 0.5},
        "deep": {"max_depth": 12, "min_child_weight": 0},
    }
    for name, given in options.items():
        for kind, target in (
            ("XGBRegressor", tables.score),
            ("XGBClassifier", tables.three),
        ):
            text = f"{kind[3:].lower()}, {name}"
            yield _case(text, _sort(kind, **given), tables.numbers, target)
    yield _case(
        "random forest regressor", _sort("XGBRFRegressor"), tables.numbers, tables.score
    )
    yield _case(
        "random forest classifier",
        _sort("XGBRFClassifier"),
        tables.numbers,
        tables.three,
    )
    for strategy in ("one_output_per_tree", "multi_output_tree"):
        make = _sort("XGBRegressor", multi_strategy=strategy, tree_method="hist")
        yield _case(f"2 targets, {strategy}", make, tables.numbers, tables.targets)
    yield _case("2 labels", _sort("XGBClassifier"), tables.numbers, tables.pairs)
    yield Case(name="early stopping", group="xgboost", train=_early)
    yield Case(name="ranker", group="xgboost", train=_ranker)
    yield Case(name="dart, early stopping", group="xgboost",
               train=lambda: _early(booster="dart", rate_drop=0.3))  # fmt: skip


def _rows() -> Iterator[Case]:
    def gaps() -> pd.DataFrame:
        return tables.gaps(tables.numbers())

    yield _case("gaps", _sort("XGBClassifier"), gaps, tables.three)
    yield _case(
        "missing=0", _sort("XGBRegressor", missing=0.0), tables.numbers, tables.score
    )
    yield _case("missing=-1", _sort("XGBClassifier", missing=-1.0), gaps, tables.truth)
    yield _case(
        "missing=2, gaps", _sort("XGBRegressor", missing=2.0), gaps, tables.score
    )
    yield _case(
        "float32 matrix", _sort("XGBClassifier"),
        lambda: tables.numbers().to_numpy(np.float32), tables.truth,
    )  # fmt: skip
    yield _case(
        "float64 matrix", _sort("XGBClassifier"),
        lambda: tables.numbers().to_numpy(np.float64), tables.truth,
    )  # fmt: skip
    yield _case("large values", _sort("XGBRegressor"), _large, tables.score)
    yield _case("integers", _sort("XGBRegressor"), tables.counts, tables.score)
    yield _case("odd names", _sort("XGBRegressor"), _odd, _odd_target)
    yield Case(name="categories as codes", group="xgboost", train=_codes)


def _large() -> pd.DataFrame:
    data = tables.numbers()
    data["a"] = 1.7e9 + data["a"] * 86_400
    data["b"] = (data["b"] * 1e6).round() + 2**31
    return data


def _odd() -> pd.DataFrame:
    return tables.numbers().set_axis(["a b", "amt $", "größe", "x:y", "1"], axis=1)


def _odd_target(data: pd.DataFrame) -> Any:
    return tables.score(tables.numbers())


def _codes() -> Trained:
    """Category codes as numbers, which is how a signature can say them."""
    import xgboost

    data = tables.counts().astype(float)
    kinds = ["c", "c", "q", "q", "c"]
    rows = xgboost.DMatrix(
        data, tables.score(data), feature_types=kinds, enable_categorical=True
    )
    params = {"max_depth": 4, "max_cat_to_onehot": 2, "nthread": 1}
    return Trained(xgboost.train(params, rows, 12), data, "xgboost")


def _early(**given: Any) -> Trained:
    import xgboost

    data = tables.numbers()
    model = xgboost.XGBClassifier(
        **{**SMALL, "n_estimators": 60, "early_stopping_rounds": 3, **given}
    )
    held = tables.numbers(5)
    model.fit(
        data, tables.three(data), eval_set=[(held, tables.three(held))], verbose=False
    )
    return Trained(model, data, "xgboost")


def _ranker() -> Trained:
    import xgboost

    data = tables.numbers()
    model = xgboost.XGBRanker(**SMALL)
    model.fit(data, tables.three(data), qid=np.arange(len(data)) // 12)
    return Trained(model, data, "xgboost")


def _native_api() -> Iterator[Case]:
    objectives: dict[str, tuple[Any, dict[str, Any]]] = {
        "reg:squarederror": (tables.score, {}),
        "binary:logistic": (tables.truth, {}),
        "binary:hinge": (tables.truth, {}),
        "multi:softprob": (tables.three, {"num_class": 3}),
        "multi:softmax": (tables.three, {"num_class": 3}),
        "count:poisson": (tables.amount, {}),
        "rank:pairwise": (tables.truth, {}),
        "survival:aft": (tables.amount, {}),
        "dart": (tables.score, {"booster": "dart", "rate_drop": 0.3}),
        "gblinear": (tables.score, {"booster": "gblinear"}),
    }
    for name, (target, given) in objectives.items():
        yield Case(
            name=f"Booster, {name}", group="xgboost",
            train=lambda n=name, t=target, g=given: _booster(n, t, g),
        )  # fmt: skip
    yield Case(
        name="Booster, no names", group="xgboost",
        train=lambda: _booster("reg:squarederror", tables.score, {}, matrix=True),
    )  # fmt: skip
    yield Case(name="Booster, custom objective", group="xgboost", train=_custom)


def _booster(
    name: str, target: Any, given: dict[str, Any], *, matrix: bool = False
) -> Trained:
    import xgboost

    data = tables.numbers()
    rows = data.to_numpy() if matrix else data
    labels = target(data)
    if name == "survival:aft":
        train = xgboost.DMatrix(rows)
        train.set_float_info("label_lower_bound", labels)
        train.set_float_info("label_upper_bound", labels * 1.5)
    else:
        train = xgboost.DMatrix(rows, labels)
    params = {"max_depth": 4, "nthread": 1, **given}
    if ":" in name:
        params["objective"] = name
    return Trained(xgboost.train(params, train, 12), rows, "xgboost")


def _custom() -> Trained:
    import xgboost

    data = tables.numbers()
    train = xgboost.DMatrix(data, tables.score(data))

    def square(said: Any, rows: Any) -> Any:
        return said - rows.get_label(), np.ones(len(said))

    model = xgboost.train({"max_depth": 4, "nthread": 1}, train, 12, obj=square)
    return Trained(model, data, "xgboost")
