"""CatBoost's own answers, from a graph of its trees."""

from dataclasses import replace

import mlflow
import numpy as np
import onnx
import pytest
from mlflow.models import infer_signature
from onnx import numpy_helper

pytest.importorskip(
    "catboost", reason="catboost is not installed: pip install catboost"
)

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.verify import candidate_of, examine
from tests.models.catboost import KINDS, readings, with_categories
from tests.models.deep import QUICK, converted, proved, resolved


def save(model, data, folder):
    """*model* as MLflow saves it."""
    mlflow.catboost.save_model(
        model,
        folder,
        signature=infer_signature(data, model.predict(data)),
        input_example=data[:5],
        pip_requirements=["catboost"],
    )
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_answers_as_catboost_does(kind, tmp_path):
    """
    Labels of every type and shape, thresholds, links and growth policies are exact.
    """
    data = readings()
    folder = save(KINDS[kind](data), data, tmp_path / "model")

    _, report = proved(folder)

    assert "" == "; ".join(c.verdict for c in report.candidates if not c.passed)
    assert report.rows > 500
    assert 0 == sum(c.flips for c in report.candidates)


def test_categories_are_left_to_the_native_engine(tmp_path):
    """
    Categorical features are refused by name, with the engine that serves them.
    """
    model, data = with_categories(readings())
    folder = save(model, data, tmp_path / "model")

    with pytest.raises(NoConversionError, match="categorical") as caught:
        converted(folder)

    assert "engine=native" in caught.value.hint


def test_borders_are_compared_in_float32(tmp_path):
    """
    A value that float32 rounds onto a border does not exceed it.
    """
    import onnxruntime as ort

    data = readings(gaps=False)
    model = KINDS["regression"](data)
    folder = save(model, data, tmp_path / "model")
    borders = np.concatenate([np.asarray(b) for b in model.get_borders().values()])
    close = np.concatenate([borders, np.nextafter(borders, 9), borders + 1e-12])
    rows = np.repeat(close[:, None], data.shape[1], axis=1)

    conversion = converted(folder)
    session = ort.InferenceSession(str(conversion.graph.file))
    (found,) = session.run(None, {"numbers": rows})

    assert model.predict(rows) == pytest.approx(found, rel=1e-14)


def test_the_gate_looks_at_every_border(tmp_path):
    """
    A border that is moved by the smallest step there is, is found.
    """
    data = readings()
    folder = save(KINDS["regression"](data), data, tmp_path / "model")
    conversion = converted(folder)
    proto = onnx.load(conversion.graph.file)
    (trees,) = [n for n in proto.graph.node if n.op_type == "TreeEnsemble"]
    (splits,) = [a for a in trees.attribute if a.name == "nodes_splits"]
    borders = numpy_helper.to_array(splits.t).copy()
    borders[0] = np.nextafter(np.float32(borders[0]), np.float32(np.inf))
    splits.t.CopyFrom(numpy_helper.from_array(borders))
    wrong = tmp_path / "wrong.onnx"
    onnx.save(proto, wrong)

    report = examine(
        resolved(folder),
        [candidate_of(replace(conversion.graph, file=wrong))],
        options=QUICK,
    )

    assert not report.passed
    assert {"thresholds"} <= {g.name for g in report.candidates[0].groups if g.beyond}
