"""A text that is missing alone is another gap than one that is missing beside texts."""

from dataclasses import replace

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from lambda_runtime.manifest import NULL_TEXT
from mlflow_serverless.convert import convert
from mlflow_serverless.verify import ParityOptions, candidate_of, examine
from mlflow_serverless.verify.batch import as_requested, null_is_nan, same_gaps
from tests.fakes.saving import save

OPTIONS = ParityOptions(samples=60, boundary_rows=60, runtime_rows=60)


@pytest.fixture(scope="module")
def gappy(tmp_path_factory):
    """A model that learnt None as a category of its own, and its graph."""
    rng = np.random.default_rng(0)
    town = pd.Series(rng.choice(["a", "b", None], 200), dtype=object)
    data = pd.DataFrame({"x": rng.normal(size=200), "town": town})
    encode = ColumnTransformer(
        [("town", OneHotEncoder(handle_unknown="ignore"), ["town"])],
        remainder="passthrough",
    )
    model = make_pipeline(encode, Ridge())
    model.fit(data, data["x"] + 5.0 * town.isna())
    folder = tmp_path_factory.mktemp("gappy")
    servable = save(model, data, folder / "model")
    (folder / "graph").mkdir()
    return servable, convert(servable, folder / "graph").graph


def test_each_gap_is_answered_as_the_model_answers_it(gappy):
    """
    Missing alone, the category None; beside texts, whatever this pandas makes of it.
    """
    servable, graph = gappy
    report = examine(servable, [candidate_of(graph)], options=OPTIONS)

    assert "" == "; ".join(c.verdict for c in report.candidates if not c.passed)
    assert {"one gap", "missing"} <= {group.name for group in report.groups}


def test_a_graph_that_does_not_know_none_is_caught(gappy, tmp_path):
    """
    Only rows asked alone hold None here; without them nobody would see it.
    """
    servable, graph = gappy
    proto = onnx.load(graph.file)
    known = proto.SerializeToString()
    spoilt = known.replace(NULL_TEXT.encode(), b"x" * len(NULL_TEXT.encode()))
    assert known != spoilt
    file = tmp_path / "spoilt.onnx"
    file.write_bytes(spoilt)

    report = examine(
        servable, [replace(candidate_of(graph), file=file)], options=OPTIONS
    )
    found = {g.name for g in report.candidates[0].groups if g.beyond}

    assert not report.passed
    assert "one gap" in found


@pytest.mark.skipif(not null_is_nan(), reason="this pandas reads null as None")
def test_a_batch_is_asked_as_a_request_would_say_it():
    """
    Gaps beside texts are NaN, gaps alone are None; row by row all of them are.
    """
    texts = pd.DataFrame({
        "some": pd.Series(["a", None, np.nan], dtype=object),
        "none": pd.Series([np.nan, None, np.nan], dtype=object),
    })  # fmt: skip
    together, alone = as_requested(texts), as_requested(texts, one_by_one=True)

    assert [False, False] == [item is None for item in together["some"][1:]]
    assert [True, True, True] == [item is None for item in together["none"]]
    assert [True, True] == [item is None for item in alone["some"][1:]]
    assert not same_gaps(together, alone)
