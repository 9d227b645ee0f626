"""A small stand-in for the runtime: binds DataFrames to graphs with numpy.

It follows `lambda_runtime.manifest` to the letter, so that conversions can be tried
without a bundle or a process.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnxruntime as ort
import pandas as pd

from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT, Answer, Feed, Tensor
from mlflow_serverless.convert import OnnxGraph


def answer(graph: OnnxGraph, data: Any, *, threads: int = 1) -> Any:
    """What the model's `predict` would return, computed by onnxruntime."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    session = ort.InferenceSession(
        str(graph.file), options, providers=["CPUExecutionProvider"]
    )
    names = [tensor.name for tensor in graph.outputs]
    outputs = session.run(names, feed(graph.inputs, graph.feeds, data))
    return answered(graph.answer, dict(zip(names, outputs, strict=True)))


def feed(inputs: Iterable[Tensor], feeds: Iterable[Feed], data: Any) -> dict[str, Any]:
    """Graph inputs filled from *data* as the feeds say."""
    kinds = {tensor.name: tensor.dtype for tensor in inputs}
    return {f.input: _filled(f, kinds[f.input], data) for f in feeds}


def _filled(feed: Feed, dtype: str, data: Any) -> Any:
    if feed.tensor is not None:
        array = data[feed.tensor] if isinstance(data, dict) else data
        return np.asarray(array, dtype=object if dtype == "string" else dtype)
    frame = pd.DataFrame(data)
    if dtype == "string":
        columns = [[_text(v) for v in frame[name]] for name in feed.columns]
        return np.array(columns, dtype=object).reshape(len(columns), -1).T
    return np.stack([frame[name].to_numpy(dtype) for name in feed.columns], axis=1)


def _text(value: Any) -> str:
    if value is None:
        return NULL_TEXT
    return NAN_TEXT if isinstance(value, float) and np.isnan(value) else str(value)


def answered(answer: Answer, outputs: dict[str, Any]) -> Any:
    """The answer, as the model would give it."""
    parts = {}
    for field in answer.fields:
        value = outputs[field.output]
        if field.column is not None:
            value = value[:, field.column]
        if field.labels:
            value = np.array(field.labels, dtype=object)[value]
        parts[field.name] = value
    if answer.form == "array":
        (value,) = parts.values()
        return value
    return pd.DataFrame(parts) if answer.form == "table" else parts
