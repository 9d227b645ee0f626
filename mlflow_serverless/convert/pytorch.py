"""The PyTorch flavour, through `torch.onnx`.

MLflow keeps an exported program (`model.pt2`) by default, which needs no class of the
model's; pickled modules are exported here. A pt2 whose example had one row was frozen
at one row when it was logged: MLflow's own model refuses other batches then, and so
does the graph, with a warning in the report.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from mlflow_serverless.convert.draft import Draft, Source
from mlflow_serverless.convert.errors import NoConversionError, UnloadableModelError
from mlflow_serverless.convert.exported import (
    brief,
    draft_of_export,
    frozen_batch,
    quiet,
)
from mlflow_serverless.convert.load import flavor_config, load_native
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.model import ServableModel

OPSET = 20
"""What the exporter writes at its best; every onnxruntime since 1.17 reads it."""

_TOO_LARGE = 2**31 - 2**20
"""Bytes of weights from which one protobuf message does not hold a graph."""

_ROWS = 2
"""Rows of an example: one would be taken for a constant."""


def source(model: ServableModel) -> Source:
    """The module in *model*'s folder, ready to be drafted."""
    module = load_native(model.folder, "pytorch")  # MLflow's own checks come first
    data = model.folder / str(flavor_config(model.folder, "pytorch")["model_data"])
    stored = data / "model.pt2"
    program = _loaded(stored) if stored.exists() else None
    _refuse_large(module)
    kind = "ExportedProgram" if program is not None else type(module).__name__

    def draft(_: Builder) -> Draft:
        if program is not None:
            proto, how = _graph(program, kind), "torch.onnx (pt2)"
        else:
            proto, how = _graph(_exported(module, model), kind), "torch.onnx (pickle)"
            _refuse_frozen(proto, kind)
        return draft_of_export(proto, model.signature, recipe=how, of=kind)

    return Source(estimator=kind, draft=draft)


def _loaded(file: Path) -> Any:
    try:
        return torch.export.load(file)
    except Exception as cause:
        raise UnloadableModelError(file, cause, f"torch {torch.__version__}") from cause


def _refuse_large(module: Any) -> None:
    tensors = [*module.parameters(), *module.buffers()]
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    if size > _TOO_LARGE:
        why = f"its weights take {size / 1e9:.1f} GB, and one graph file holds 2 GB"
        raise NoConversionError(why, of=type(module).__name__)


def _refuse_frozen(proto: onnx.ModelProto, kind: str) -> None:
    """A pickled module answers any batch; a graph that cannot is not the model."""
    rows = frozen_batch(proto)
    if rows is not None:
        why = (
            f"its computation depends on the batch, which torch.export fixes at {rows}"
        )
        raise NoConversionError(why, of=kind)


def _exported(module: Any, model: ServableModel) -> Any:
    """*module* as an exported program, all that varies in the signature varying."""
    kind = type(module).__name__
    if isinstance(module, torch.jit.ScriptModule):
        why = "TorchScript cannot be exported"
        raise NoConversionError(why, of=kind)
    example, varying = _example(model)
    shapes = (dict.fromkeys(varying, torch.export.Dim.AUTO),)
    try:
        with quiet("torch.onnx"), torch.no_grad():
            return torch.export.export(
                module, (torch.from_numpy(example),), dynamic_shapes=shapes
            )
    except Exception as cause:  # whatever tracing runs into, it is named
        raise NoConversionError(brief("torch.export", cause), of=kind) from cause


def _example(model: ServableModel) -> tuple[np.ndarray[Any, Any], tuple[int, ...]]:
    """Numbers to trace with, and which dimensions may be of any size."""
    signature = model.signature
    if signature.columns:
        width = len(signature.columns)
        return np.ones((_ROWS, width), np.float32), (0,)
    if len(signature.tensors) != 1:
        why = f"its signature has {len(signature.tensors)} tensors, not one"
        raise NoConversionError(why)
    (tensor,) = signature.tensors
    varying = tuple(i for i, size in enumerate(tensor.shape) if size is None)
    given = _given(model)
    if given is None or given.ndim != len(tensor.shape):
        sizes = tuple(_ROWS if size is None else size for size in tensor.shape)
        return np.ones(sizes, tensor.dtype), varying
    for axis in varying:  # a size of one would be taken for a constant
        if given.shape[axis] < _ROWS:
            given = np.repeat(given, _ROWS, axis=axis)
    return np.ascontiguousarray(given, dtype=tensor.dtype), varying


def _given(model: ServableModel) -> np.ndarray[Any, Any] | None:
    """The model's own example, if it is an array."""
    if model.example is None:
        return None
    from mlflow.models import Model  # noqa: PLC0415 - only for pickled modules

    try:
        meta = Model.load(str(model.folder))
        found: Any = meta.load_input_example(str(model.folder))
    except Exception:  # noqa: BLE001 - verification says what is wrong with it
        return None
    return found if isinstance(found, np.ndarray) else None


def _graph(program: Any, kind: str) -> onnx.ModelProto:
    try:
        with quiet("torch.onnx"):
            made = torch.onnx.export(
                program, dynamo=True, opset_version=OPSET, verbose=False
            )
    except Exception as cause:  # whatever the exporter runs into, it is named
        raise NoConversionError(brief("torch.onnx", cause), of=kind) from cause
    proto: onnx.ModelProto = made.model_proto
    _number(proto)
    return proto


def _number(proto: onnx.ModelProto) -> None:
    """
    Sizes as numbers: the exporter writes some that were fixed as a name, `"2"`.

    An engine takes any size for a name, and answers rows that were never asked for.
    """
    for value in (*proto.graph.input, *proto.graph.output, *proto.graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param.isdecimal():
                dim.dim_value = int(dim.dim_param)
