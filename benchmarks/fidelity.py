"""What the gate costs: convert, optimise and verify, in processor seconds by room."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.table import Gate, Section

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = 30
LIMIT_S = 60.0
"""Of convert, optimise and verify together, on two cores."""

CORES = 2
ROWS = 40_000


def run() -> Section:
    """A large forest, half of it, and a pipeline over mixed columns."""
    whole, half = _forest(), _forest(trees=25)
    found = {
        f"forest, {_nodes(half):,} nodes": _costs(half, _numbers(8)),
        f"forest, {_nodes(whole):,} nodes": _costs(whole, _numbers(8)),
        f"pipeline, {COLUMNS} columns": _costs(*_pipeline()),
    }
    return _section(found, _nodes(whole) / _nodes(half))


def _section(found: dict[str, dict[str, float]], growth: float) -> Section:
    half, whole, pipeline = (sum(costs.values()) for costs in found.values())
    rooms = ("convert", "optimise", "verify")
    rows = [
        [
            name,
            *(f"{costs[room]:.1f} s" for room in rooms),
            f"{sum(costs.values()):.1f} s",
        ]
        for name, costs in found.items()
    ]
    gates = (
        Gate("forest: processor time / what two cores have in 60 s",
             whole / (LIMIT_S * CORES), 1.0, 0.5),
        Gate("pipeline: the same", pipeline / (LIMIT_S * CORES), 1.0, 0.1),
        Gate("forest: cost grows as its nodes", whole / half / growth, 1.25, 1.05),
    )  # fmt: skip
    return Section(
        "The proof",
        f"Defaults, {COLUMNS} columns. Processor time of all threads, so that a busy "
        "machine does not count; two cores have twice the time that passes.",
        ("model", *rooms, "together"),
        rows,
        gates,
    )


def _costs(estimator: Any, data: Any) -> dict[str, float]:
    """Processor seconds of each room."""
    import mlflow.sklearn
    from mlflow.models import infer_signature

    from mlflow_serverless.config import OptimiseConfig
    from mlflow_serverless.pipeline.rooms import House
    from mlflow_serverless.verify import ParityOptions

    rooms, costs = House(), {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        mlflow.sklearn.save_model(
            estimator, work / "model", pip_requirements=["scikit-learn"],
            pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle",
            signature=infer_signature(data, estimator.predict_proba(data)),
            input_example=data[:3],
        )  # fmt: skip
        model = rooms.resolve(str(work / "model"), work / "downloads", None)
        for room in ("convert", "optimise"):
            (work / room).mkdir()
        began = _seconds()
        conversion = rooms.convert(model, work / "convert")
        costs["convert"], began = _seconds() - began, _seconds()
        forms = rooms.optimise(conversion, work / "optimise", OptimiseConfig())
        costs["optimise"], began = _seconds() - began, _seconds()
        rooms.verify(model, forms, ParityOptions(), lambda *_, **__: None)
        costs["verify"] = _seconds() - began
    return costs


def _seconds() -> float:
    """Processor time of this process and of those it has waited for [s]."""
    spent = os.times()
    children = spent.children_user + spent.children_system
    return time.process_time() + children


def _numbers(rows: int) -> pd.DataFrame:
    import pandas as pd

    values = np.random.default_rng(0).normal(size=(rows, COLUMNS))
    return pd.DataFrame(values, columns=[f"column {at}" for at in range(COLUMNS)])


def _forest(trees: int = 50) -> Any:
    """Some 10,000 nodes a tree."""
    from sklearn.ensemble import RandomForestClassifier

    data = _numbers(ROWS)
    rng = np.random.default_rng(1)
    target = data.sum(axis=1) + rng.normal(size=ROWS) * 6 > 0
    made = RandomForestClassifier(trees, min_samples_leaf=2, random_state=0, n_jobs=2)
    return made.fit(data, target)


def _nodes(forest: Any) -> int:
    return sum(tree.tree_.node_count for tree in forest.estimators_)


def _pipeline() -> tuple[Any, pd.DataFrame]:
    """Numbers with gaps, whole numbers, texts; imputed, scaled, encoded, boosted."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    data = _numbers(4_000)
    rng = np.random.default_rng(2)
    target = data["column 0"] + data["column 1"] > 0
    floats, whole, texts = (list(data.columns[at::3]) for at in range(3))
    data[floats] = data[floats].mask(rng.random((len(data), len(floats))) < 0.05)
    data[whole] = (data[whole] * 10).astype("int64")
    for name in texts:
        data[name] = rng.choice(["north", "south", "east", "west"], len(data))
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), floats),
        (StandardScaler(), whole),
        (OneHotEncoder(handle_unknown="ignore"), texts),
    )
    return make_pipeline(prepare, GradientBoostingClassifier()).fit(data, target), data
