"""From symbolic results to graph outputs and the answer made of them."""

from typing import Any

import numpy as np

from lambda_runtime.manifest import Answer, Field, Scalar
from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.frame import Frame
from mlflow_serverless.convert.lower.registry import Labels, ManyLabels, Result
from mlflow_serverless.convert.lower.symbol import Array, Sym

Outputs = list[tuple[str, Sym]]


def answer_for(
    result: Result, names: list[str] | None = None
) -> tuple[Outputs, Answer]:
    """
    Graph outputs and the answer for *result*.

    Args:
        result: What the model's predict function gives, as symbols.
        names: Column names, if the model answers with a DataFrame.

    Raises:
        NoConversionError: It is of a form that no answer can carry.
    """
    match result:
        case Labels():
            return _labels(result)
        case ManyLabels():
            return _many(result)
        case Frame():
            return _matrix(result.matrix(), names)
        case Sym():
            return _matrix(result, names)


def _labels(result: Labels) -> tuple[Outputs, Answer]:
    if _travels(result.classes):
        symbol = result.index
        if not _are_positions(result.classes):
            symbol = symbol.graph.gather(result.classes, symbol)
        return [("label", symbol)], Answer("array", (Field("label"),))
    labels = tuple(_scalar(value) for value in result.classes)
    field = Field("label", labels=labels)
    return [("label", result.index)], Answer("array", (field,))


def _many(result: ManyLabels) -> tuple[Outputs, Answer]:
    """One `(rows, outputs)` matrix; its labels must be of one kind to be one array."""
    graph = result.parts[0].index.graph
    if all(_travels(part.classes) for part in result.parts):
        kind = np.result_type(*[part.classes.dtype for part in result.parts])
        columns = [
            graph.gather(part.classes.astype(kind), part.index).unsqueeze(1)
            for part in result.parts
        ]
        return [("label", graph.concat(columns))], Answer("array", (Field("label"),))
    known = list(dict.fromkeys(_scalar(v) for p in result.parts for v in p.classes))
    columns = [
        graph.gather(np.array([known.index(_scalar(v)) for v in p.classes]), p.index)
        for p in result.parts
    ]
    index = graph.concat([column.unsqueeze(1) for column in columns])
    field = Field("label", labels=tuple(known))
    return [("label", index)], Answer("array", (field,))


def _matrix(symbol: Sym, names: list[str] | None) -> tuple[Outputs, Answer]:
    if names is None:
        return [("output", symbol)], Answer("array", (Field("output"),))
    if len(symbol.shape) == 1:
        return [("output", symbol)], Answer("table", (Field("output", names[0]),))
    fields = tuple(Field("output", name, i) for i, name in enumerate(names))
    return [("output", symbol)], Answer("table", fields)


def _travels(classes: Array) -> bool:
    """Whether labels are numbers, which a graph can hold as they are."""
    return classes.dtype.kind in "iuf"


def _are_positions(classes: Array) -> bool:
    """Whether each class is called by its own position: 0, 1, 2, ..."""
    positions = np.arange(len(classes))
    return classes.dtype == positions.dtype and bool((classes == positions).all())


def _scalar(value: Any) -> Scalar:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, str | int | float | bool) or plain is None:
        return plain
    why = f"its label {plain!r} has no JSON form"
    raise NoConversionError(why, of="the classifier")
