"""The ONNX flavour: the graph is there already; what remains is how to bind it."""

from pathlib import Path

import onnx

from lambda_runtime.manifest import Answer, Feed, Field, Signature, Tensor
from mlflow_serverless.convert.draft import Draft, Source
from mlflow_serverless.convert.errors import (
    MalformedModelError,
    NoConversionError,
    UnloadableModelError,
)
from mlflow_serverless.convert.exported import fed, tensor_of
from mlflow_serverless.convert.load import flavor_config
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.model import ServableModel


def source(model: ServableModel) -> Source:
    """The graph in *model*'s folder, ready to be bound to its signature."""
    named = flavor_config(model.folder, "onnx").get("data", "model.onnx")
    file = model.folder / str(named)
    if not file.exists():
        raise MalformedModelError(model.folder, f"{named} is not there")
    proto = _loaded(file)

    def draft(_: Builder) -> Draft:
        return _bound(proto, model.signature)

    return Source(estimator=f"onnx ({proto.producer_name or 'unnamed'})", draft=draft)


def _loaded(file: Path) -> onnx.ModelProto:
    try:
        proto = onnx.load(str(file))
        onnx.checker.check_model(proto)
    except Exception as cause:  # protobuf, checker and file errors alike
        raise UnloadableModelError(file, cause, f"onnx {onnx.__version__}") from cause
    return proto


def _bound(proto: onnx.ModelProto, signature: Signature) -> Draft:
    inputs = tuple(tensor_of(value) for value in fed(proto))
    outputs = tuple(tensor_of(output) for output in proto.graph.output)
    return Draft(
        proto=proto,
        inputs=inputs,
        outputs=outputs,
        feeds=_feeds(inputs, signature),
        answer=_answer(outputs, signature),
        recipes=("onnx",),
        warnings=(),
        tree_nodes=0,
    )


def _answer(outputs: tuple[Tensor, ...], signature: Signature) -> Answer:
    """
    A table of one column an output, where MLflow makes one; else named tensors.

    MLflow's own wrapper flattens outputs into the columns of a DataFrame when it is
    asked with one, which only keeps rows apart if each output has one number a row.
    """
    flat = all(len(o.shape) == 1 or o.shape[1:] == (1,) for o in outputs)
    if not signature.columns or not flat:
        return Answer("tensors", tuple(Field(o.name, o.name) for o in outputs))
    places = [0 if len(o.shape) == 2 else None for o in outputs]
    fields = [Field(o.name, o.name, i) for o, i in zip(outputs, places, strict=True)]
    return Answer("table", tuple(fields))


def _feeds(inputs: tuple[Tensor, ...], signature: Signature) -> tuple[Feed, ...]:
    """A lone input takes the whole request; several take what bears their name."""
    columns = tuple(
        str(i) if column.name is None else column.name
        for i, column in enumerate(signature.columns)
    )
    tensors = {tensor.name for tensor in signature.tensors}
    thin = [i.name for i in inputs if columns and len(i.shape) != 2]
    if thin:
        why = f"its inputs {thin} are not (rows, columns), which columns make"
        raise NoConversionError(why, of="the graph")
    if len(inputs) == 1:
        (lone,) = inputs
        if columns:
            return (Feed(lone.name, columns),)
        (named,) = tensors or {""}
        return (Feed(lone.name, (), named),)
    missing = [i.name for i in inputs if i.name not in {*tensors, *columns}]
    if missing:
        why = f"its inputs {missing} have no column"
        raise NoConversionError(why, of="the graph")
    if columns:
        return tuple(Feed(i.name, (i.name,)) for i in inputs)
    return tuple(Feed(i.name, (), i.name) for i in inputs)
