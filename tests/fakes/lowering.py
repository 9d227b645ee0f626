"""An estimator served through our graphs, without folders or a registry."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pandas as pd

from lambda_runtime.manifest import CHECKED, Check, Column, Signature, Tensor
from mlflow_serverless.convert.draft import save
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.registry import lower
from mlflow_serverless.convert.lowered import draft_of
from mlflow_serverless.convert.recipes import catalogue
from tests.fakes.binding import answer, feed

_TYPES = {
    "float64": "double", "float32": "float", "int64": "long", "int32": "integer",
    "bool": "boolean",
}  # fmt: skip


def signature_of(data: Any) -> Signature:
    """The signature that MLflow infers from *data*."""
    if isinstance(data, pd.DataFrame):
        columns = (
            Column(str(name), _TYPES.get(str(data[name].dtype), "string"))
            for name in data.columns
        )
        return Signature(columns=tuple(columns))
    array = np.asarray(data)
    kind = "string" if array.dtype == object else array.dtype.name
    return Signature(tensors=(Tensor("", kind, (None, *array.shape[1:])),))


def served(
    estimator: Any, data: Any, method: str = "predict", *, unrolls: bool = False
) -> Any:
    """What the graph of `estimator.method` answers for *data*."""
    catalogue.register()
    draft = draft_of(
        Builder(unrolls=unrolls),
        signature_of(data),
        lambda frame: lower(estimator, method, frame),
    )
    with tempfile.TemporaryDirectory() as folder:
        return answer(save(draft, Path(folder) / "model.onnx"), data)


def marks(estimator: Any, data: Any, method: str = "predict") -> tuple[Check, Any]:
    """What the graph of `estimator.method` finds in *data*, and in which rows."""
    catalogue.register()
    draft = draft_of(
        Builder(), signature_of(data), lambda frame: lower(estimator, method, frame)
    )
    session = ort.InferenceSession(draft.proto.SerializeToString())
    fed = feed(draft.inputs, draft.feeds, data)
    return draft.answer.checks[0], session.run([CHECKED], fed)[0].tolist()


def same(native: Any, got: Any, *, rtol: float = 1e-9, atol: float = 1e-12) -> None:
    """Assert that two answers are one: shape, kind, labels, numbers, gaps."""
    native = native.toarray() if hasattr(native, "toarray") else np.asarray(native)
    assert native.shape == np.shape(got)
    if native.dtype.kind in "OUSb":
        assert native.tolist() == np.asarray(got).tolist()
        return
    assert native.dtype == np.asarray(got).dtype
    np.testing.assert_allclose(got, native, rtol=rtol, atol=atol)
