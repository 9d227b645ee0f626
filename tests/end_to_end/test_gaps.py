"""Rows with gaps, deployed: 400 where the model raises, its own answer elsewhere."""

import math

import numpy as np
import pandas as pd
import pytest

import mlflow_serverless
from mlflow_serverless.pipeline.errors import PredictionRefusedError
from tests.fakes.saving import save

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

COLUMNS = ["a", "b", "c"]
CELLS = (math.nan, math.inf, -math.inf, 1e39, -1e300, 2.5)


@pytest.fixture(scope="module")
def data():
    return pd.DataFrame(
        np.random.default_rng(3).normal(size=(200, 3)).round(2), columns=COLUMNS
    )


def estimators():
    """Those that refuse gaps, that take them, and that take them in one column."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    filled = make_column_transformer((SimpleImputer(), ["a"]), remainder="passthrough")
    return {
        "refuses": (LogisticRegression(), "onnx"),
        "answers": (HistGradientBoostingClassifier(max_iter=4), "onnx"),
        "fills": (make_pipeline(filled, LogisticRegression()), "onnx"),
        "native": (LogisticRegression(), "native"),
    }


@pytest.mark.parametrize("name", ["refuses", "answers", "fills", "native"])
def test_the_runtime_refuses_what_the_model_refuses(home, data, name, tmp_path):
    """
    One odd cell in each column: the deployment raises exactly where pyfunc raises, as
    a caller's mistake, and says what pyfunc says elsewhere.
    """
    import mlflow

    estimator, engine = estimators()[name]
    model = save(estimator.fit(data, data["a"] > data["b"]), data, tmp_path / "model")
    loaded = mlflow.pyfunc.load_model(str(model.folder))
    served = mlflow_serverless.deploy(
        name, model.uri, "lambda:/local", record=False, quiet=True, memory_mb=1024,
        engine=engine, **{"parity.samples": 300},
    )  # fmt: skip
    rows = [data.iloc[:1].assign(**{c: cell}) for c in COLUMNS for cell in CELLS]

    expected = [said(loaded, row) for row in rows]

    assert expected == [said(served, row) for row in rows]
    assert [] != [answer for answer in expected if answer != "refused"]


def said(model, row: pd.DataFrame):
    """The prediction, or that it was refused."""
    try:
        return [*map(bool, model.predict(row))]
    except PredictionRefusedError as refusal:
        assert "BAD_REQUEST" in str(refusal), str(refusal)
        return "refused"
    except Exception:  # noqa: BLE001 - the model raises what it likes
        return "refused"
