"""What has no recipe of ours goes through skl2onnx, and is named so in the report.

Nothing it makes is trusted: the part must load, and the parity gate judges the whole.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import compose, helper

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.builder import ML, Builder
from mlflow_serverless.convert.lower.frame import matrix_of
from mlflow_serverless.convert.lower.registry import (
    Data,
    Labels,
    Result,
    falls_back,
)
from mlflow_serverless.convert.lower.symbol import Sym

_OLD_TREES = {"TreeEnsembleClassifier", "TreeEnsembleRegressor"}
"""Gone from ai.onnx.ml 5, which our own trees are written in."""

_OUTPUTS = {
    "predict": 0, "transform": 0, "predict_proba": 1, "decision_function": 1,
    "score_samples": 1,
}  # fmt: skip


def upstream(estimator: Any, method: str, data: Data) -> Result:
    """*method* of *estimator* as skl2onnx writes it."""
    if find_spec("skl2onnx") is None or method not in _OUTPUTS:
        why = f"there is no recipe for its {method}"
        raise NoConversionError(why, of=estimator)
    value = matrix_of(data)
    part, kind = _converted(estimator, method, value)
    found = _grafted(value.graph, part, value if kind == "" else value.cast(kind))
    value.graph.recipes.append(f"skl2onnx:{type(estimator).__name__}.{method}")
    if method == "predict" and hasattr(estimator, "classes_"):
        return _labels(estimator, found[0])
    wanted = found[min(_OUTPUTS[method], len(found) - 1)]
    return _shaped(estimator, method, wanted, value.width)


falls_back(upstream)


def _converted(estimator: Any, method: str, value: Sym) -> tuple[onnx.ModelProto, str]:
    """A part that loads, in the widest type that gives one, and that type."""
    problem: Exception | None = None
    for kind in ("",) if value.dtype == "string" else ("float64", "float32"):
        try:
            part = _convert(estimator, method, kind, value.width)
            return _loading(part, kind, value.width), kind
        except Exception as cause:  # noqa: BLE001 - it raises anything at all
            problem = cause
    text = (str(problem).strip() or type(problem).__name__).splitlines()[0][:200]
    why = f"there is no recipe for its {method}, and skl2onnx fails: {text}"
    raise NoConversionError(why, of=estimator) from problem


def _convert(estimator: Any, method: str, kind: str, width: int) -> onnx.ModelProto:
    from skl2onnx import convert_sklearn  # noqa: PLC0415 - optional
    from skl2onnx.common.data_types import (  # noqa: PLC0415
        DoubleTensorType,
        FloatTensorType,
        StringTensorType,
    )

    types = {"": StringTensorType, "float64": DoubleTensorType}
    tensor = types.get(kind, FloatTensorType)([None, width])
    options: dict[str, Any] = {}
    if hasattr(estimator, "classes_"):
        options["zipmap"] = False
    if method == "decision_function" and hasattr(estimator, "classes_"):
        options["raw_scores"] = True
    proto: onnx.ModelProto = convert_sklearn(
        estimator,
        initial_types=[("X", tensor)],
        options={id(estimator): options} if options else None,
        target_opset={"": 21, ML: 3},
    )
    return proto


def _loading(part: onnx.ModelProto, kind: str, width: int) -> onnx.ModelProto:
    """*part*, if it loads and answers a row of nothing."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(
        part.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    row = np.zeros((1, width), kind) if kind else np.full((1, width), "", object)
    session.run(None, {session.get_inputs()[0].name: row})
    return part


def _grafted(graph: Builder, part: onnx.ModelProto, value: Sym) -> list[Sym]:
    """Add *part*'s nodes to *graph*, fed with *value*; its outputs."""
    if any(node.op_type in _OLD_TREES for node in part.graph.node):
        if graph.tree_nodes:
            why = "skl2onnx's trees and ours cannot be in one graph"
            raise NoConversionError(why, of="the pipeline")
        graph.opsets[ML] = 4
    for opset in part.opset_import:
        if opset.domain not in {"", ML}:
            graph.opsets[opset.domain] = opset.version
    renamed = compose.add_prefix(part, graph.fresh("part") + "_")
    entry = renamed.graph.input[0].name
    graph.add_node(helper.make_node("Identity", [value.name], [entry]))
    graph.functions.extend(renamed.functions)
    for tensor in renamed.graph.initializer:
        graph.add_tensor(tensor)
    for node in renamed.graph.node:
        graph.add_node(node)
    return [_symbol(graph, output) for output in renamed.graph.output]


def _symbol(graph: Builder, output: onnx.ValueInfoProto) -> Sym:
    kind = output.type.tensor_type
    text = kind.elem_type == onnx.TensorProto.STRING
    dtype = "string" if text else helper.tensor_dtype_to_np_dtype(kind.elem_type).name
    shape = tuple(d.dim_value or None for d in kind.shape.dim)
    return Sym(graph, output.name, dtype, shape)


def _labels(estimator: Any, said: Sym) -> Labels:
    classes = np.asarray(estimator.classes_)
    flat = said.reshape(-1)
    if flat.dtype == "string":
        texts = [str(value) for value in classes]
        return Labels(flat.graph.lookup(flat, texts, missing=0), classes)
    known = classes.astype(np.int64)[None, :]
    same = flat.cast("int64").unsqueeze(1).equals(known)
    return Labels(same.cast("int64").argmax(), classes)


def _shaped(estimator: Any, method: str, value: Sym, width: int) -> Sym:
    """In the shape that the estimator itself gives for one row."""
    probe = np.zeros((1, width))
    try:
        said = getattr(estimator, method)(probe)
        own = said.toarray() if hasattr(said, "toarray") else np.asarray(said)
    except Exception:  # noqa: BLE001 - a row of zeros may not suit it
        return value
    if own.ndim == 1:
        return value.reshape(-1)
    return value.reshape(-1, own.shape[1])
