"""Columns of pandas' own types: nullable, categories, dates, narrow numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlflow_serverless.convert import convert
from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.verify import ParityOptions, candidate_of, examine
from mlflow_serverless.verify.errors import DuplicateColumnsError
from mlflow_serverless.verify.gate import prepare
from tests.unit.verify.saved import save_sklearn

QUICK = ParityOptions(samples=40, boundary_rows=50, runtime_rows=60)

RNG = np.random.default_rng(8)


def table(rows: int = 80) -> pd.DataFrame:
    """One column of each type."""
    return pd.DataFrame({
        "when": pd.date_range("2025-01-01", periods=rows, freq="h"),
        "n": pd.array(RNG.integers(0, 9, rows), dtype="Int64"),
        "flag": pd.array(RNG.random(rows) < 0.5, dtype="boolean"),
        "kind": pd.Categorical(RNG.choice(["a", "b", "ß"], rows)),
        "narrow": RNG.normal(size=rows).astype(np.float32),
        "short": RNG.integers(-5, 5, rows).astype(np.int32),
    })  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("codes", [["kind"], ["kind", "n"], ["kind", "short"]])
def test_nullable_whole_and_categorical_columns_are_exact(codes, tmp_path):
    """
    As a request says them: numbers, booleans and texts; a date that nobody reads is
    checked, and goes nowhere.
    """
    data = table()
    numbers = [name for name in ("n", "narrow", "short") if name not in codes]
    model = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), codes),
            (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("passthrough", ["flag"]),
        ),
        LogisticRegression(),
    ).fit(data, data["narrow"] > 0)
    servable = save_sklearn(model, data, tmp_path / "model", predict_fn="predict_proba")

    graph = convert(servable, tmp_path).graph
    report = examine(servable, [candidate_of(graph)], options=QUICK)

    assert report.passed, report.candidates[0].verdict
    runtime = report.candidates[0].runtime
    assert (0, 0) == (runtime.wrong, runtime.refused)
    assert "when" not in {name for feed in graph.feeds for name in feed.columns}


@pytest.mark.filterwarnings("ignore")
def test_a_date_that_is_read_is_named(tmp_path):
    """
    No tensor holds dates: the column is named, and the native engine is left.
    """
    data = table()
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(sparse_output=False), ["when"]))
    ).fit(data)
    servable = save_sklearn(model, data, tmp_path / "model", predict_fn="transform")

    with pytest.raises(NoConversionError, match="'when' is datetime") as caught:
        convert(servable, tmp_path)

    assert "engine=native" in caught.value.hint


@pytest.mark.filterwarnings("ignore")
def test_two_columns_of_one_name_are_refused_by_name(tmp_path):
    """
    No request can tell them apart, and MLflow hands the model only one of them.
    """
    data = pd.DataFrame(RNG.normal(size=(30, 3)), columns=["a", "a", "b"])
    model = LogisticRegression().fit(data.to_numpy(), data["b"] > 0)
    named = data.set_axis(["a", "c", "b"], axis=1)
    servable = save_sklearn(model, named, tmp_path / "model")
    doubled = tuple(
        column._replace(name="a" if column.name == "c" else column.name)
        for column in servable.signature.columns
    )

    signature = servable.signature._replace(columns=doubled)

    with pytest.raises(DuplicateColumnsError) as caught:
        prepare(replace(servable, signature=signature), QUICK)

    assert "'a'" in caught.value.message
    assert "rename" in caught.value.hint


def test_what_mlflow_infers_is_what_is_asked():
    """
    The types above are those that a logged model has.
    """
    kinds = [item.type.name for item in infer_signature(table()).inputs.inputs]

    assert ["datetime", "long", "boolean", "string", "float", "integer"] == kinds
