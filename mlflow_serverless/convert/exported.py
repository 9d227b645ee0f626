"""Graphs that another exporter made: tidied, and bound to the model's signature."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import onnx
from onnx import TensorProto, helper

from lambda_runtime.manifest import Answer, Feed, Field, Signature, Tensor
from mlflow_serverless.convert.draft import Draft
from mlflow_serverless.convert.errors import NoConversionError

_NUMBERS = {"boolean", "integer", "long", "float", "double"}


def draft_of_export(
    proto: onnx.ModelProto, signature: Signature, *, recipe: str, of: str
) -> Draft:
    """
    *proto* with one input and one output, as *signature*'s model answers.

    A DataFrame is fed as one matrix and answered as a table whose columns are numbers,
    as `pandas.DataFrame(array)` calls them; a tensor is answered as an array.

    Args:
        proto: A graph; what it remembers of its making is taken out.
        signature: What requests look like.
        recipe: Who made it, for the report.
        of: The model's class, for refusals.

    Raises:
        NoConversionError: It has several inputs or outputs, or they do not fit.
    """
    inputs = tuple(tensor_of(i) for i in fed(proto))
    outputs = tuple(tensor_of(o) for o in proto.graph.output)
    if len(inputs) != 1 or len(outputs) != 1:
        why = f"it has {len(inputs)} inputs and {len(outputs)} outputs, not one of each"
        raise NoConversionError(why, of=of)
    (lone,), (answer,) = inputs, outputs
    forget(proto)
    return Draft(
        proto=proto,
        inputs=inputs,
        outputs=outputs,
        feeds=(_feed(lone, signature, of),),
        answer=_table(answer, of) if signature.columns else _array(answer),
        recipes=(recipe,),
        warnings=tuple(freezes(lone, signature)),
        tree_nodes=0,
    )


@contextmanager
def quiet(log: str) -> Iterator[None]:
    """Exporters tell, in *log* and as warnings, of what nobody asked for."""
    logger = logging.getLogger(log)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def brief(who: str, cause: Exception) -> str:
    """Why *who*, an exporter, gave up, in one line."""
    root = cause.__cause__ or cause
    lines = [line.strip() for line in str(root).splitlines() if line.strip()]
    reason = lines[0] if lines else type(root).__name__
    return f"{who} says {type(root).__name__}: {reason[:200]}"


def fed(proto: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """Its inputs; older graphs list their weights among them."""
    stored = {tensor.name for tensor in proto.graph.initializer}
    return [value for value in proto.graph.input if value.name not in stored]


def tensor_of(info: onnx.ValueInfoProto) -> Tensor:
    """An input or output as the manifest lists it; None where a dimension varies."""
    kind = info.type.tensor_type
    if kind.elem_type == TensorProto.UNDEFINED:
        why = f"{info.name} is no tensor"
        raise NoConversionError(why, of="the graph")
    dtype = (
        "string"
        if kind.elem_type == TensorProto.STRING
        else helper.tensor_dtype_to_np_dtype(kind.elem_type).name
    )
    dims = kind.shape.dim
    shape = tuple(d.dim_value if d.HasField("dim_value") else None for d in dims)
    return Tensor(info.name, dtype, shape)


def _feed(lone: Tensor, signature: Signature, of: str) -> Feed:
    if signature.columns:
        unlike = [c.name for c in signature.columns if c.type not in _NUMBERS]
        if unlike:
            why = f"columns {unlike} are no numbers"
            raise NoConversionError(why, of=of)
        columns = tuple(
            str(i) if column.name is None else column.name
            for i, column in enumerate(signature.columns)
        )
        return Feed(lone.name, columns)
    if len(signature.tensors) != 1:
        why = f"its signature has {len(signature.tensors)} tensors, the graph one input"
        raise NoConversionError(why, of=of)
    (tensor,) = signature.tensors
    kinds = {tensor.dtype == "string", lone.dtype == "string"}
    if len(tensor.shape) != len(lone.shape) or len(kinds) > 1:
        why = (
            f"its signature takes {tensor.dtype} {_shown(tensor.shape)}, the exported "
            f"graph {lone.dtype} {_shown(lone.shape)}"
        )
        raise NoConversionError(why, of=of)
    return Feed(lone.name, (), tensor.name)


def _array(output: Tensor) -> Answer:
    return Answer("array", (Field(output.name),))


def _table(output: Tensor, of: str) -> Answer:
    if len(output.shape) == 1:
        return Answer("table", (Field(output.name, "0"),))
    if len(output.shape) != 2 or output.shape[1] is None:
        why = f"its answer {_shown(output.shape)} is no table of a fixed width"
        raise NoConversionError(why, of=of)
    width = range(output.shape[1])
    return Answer("table", tuple(Field(output.name, str(i), i) for i in width))


def freezes(lone: Tensor, signature: Signature) -> Iterator[str]:
    """
    Dimensions that vary in *signature* but not in the graph, each in a sentence.

    The input keeps the size, so the engine refuses requests of any other: a frozen
    graph never answers for rows that it does not see.
    """
    wanted = signature.tensors[0].shape if signature.tensors else (None,)
    for axis, (says, holds) in enumerate(zip(wanted, lone.shape, strict=False)):
        if says is None and holds is not None:
            what = "the batch" if axis == 0 else f"dimension {axis}"
            yield (
                f"{what} of {lone.name!r} was fixed at {holds} when the model was "
                f"exported, so a request must hold exactly {holds}; to let it vary, "
                "log the model with an input_example of two or more"
            )


def frozen_batch(proto: onnx.ModelProto) -> int | None:
    """How many rows the graph takes, if that was fixed; None if it varies."""
    for value in fed(proto):
        shape = tensor_of(value).shape
        if shape and shape[0] is not None:
            return shape[0]
    return None


def forget(proto: onnx.ModelProto) -> None:
    """Take out what exporters remember: stack traces, paths and class names."""
    del proto.metadata_props[:]
    proto.doc_string = ""
    for part in (proto.graph, *proto.functions):
        part.doc_string = ""
        del part.metadata_props[:]
        for node in part.node:
            node.doc_string = ""
            del node.metadata_props[:]
        for value in part.value_info:
            value.doc_string = ""
            del value.metadata_props[:]
    for value in (*proto.graph.input, *proto.graph.output):
        value.doc_string = ""
        del value.metadata_props[:]
    for tensor in proto.graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]


def _shown(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('?' if d is None else str(d) for d in shape)})"
