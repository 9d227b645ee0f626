"""From a signature to graph inputs, and how requests fill them.

Columns become at most two inputs: `numbers` (float64) and `texts` (string), so that a
request is bound in two copies whatever its columns are called. Tensors keep their
type; a lone one is called `X`. Names are ours, so no column name can break the graph.
"""

from collections.abc import Callable

import pandas as pd

from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT, Feed, Signature
from lambda_runtime.manifest import Column as SignatureColumn
from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.frame import Column, Frame, frame_of
from mlflow_serverless.convert.lower.symbol import Sym

NUMBERS, TEXTS = "numbers", "texts"

_NUMBERS = {
    "boolean": "bool", "integer": "int32", "long": "int64",
    "float": "float32", "double": "float64",
}  # fmt: skip
"""MLflow's numeric column types, as the types pandas holds them in."""


def inputs_for(graph: Builder, signature: Signature) -> tuple[Frame, tuple[Feed, ...]]:
    """
    Graph inputs for *signature*: the frame they make, and what fills them.

    Raises:
        NoConversionError: The signature is empty, or has what no tensor can hold.
    """
    if signature.columns:
        return _from_columns(graph, signature.columns)
    if len(signature.tensors) == 1:
        return _from_tensor(graph, signature)
    why = "its signature names neither columns nor one tensor"
    raise NoConversionError(why)


def _from_columns(
    graph: Builder, columns: tuple[SignatureColumn, ...]
) -> tuple[Frame, tuple[Feed, ...]]:
    keys = [_key(column, i) for i, column in enumerate(columns)]
    feeds: list[Feed] = []
    found: dict[int, tuple[Sym | None, int]] = {}
    for name, dtype, belongs in _GROUPS:
        group = [i for i, column in enumerate(columns) if belongs(column)]
        if not group:
            continue
        block = graph.input(name, dtype, (None, len(group)))
        null = null_text() if dtype == "string" else NULL_TEXT
        feeds.append(Feed(name, tuple(keys[i] for i in group), null=null))
        found |= {i: (block, place) for place, i in enumerate(group)}
    places = [
        _column(column, *found.get(i, (None, 0))) for i, column in enumerate(columns)
    ]
    return Frame(graph, tuple(places)), tuple(feeds)


_GROUPS: tuple[tuple[str, str, Callable[[SignatureColumn], bool]], ...] = (
    (NUMBERS, "float64", lambda column: column.type in _NUMBERS),
    (TEXTS, "string", lambda column: column.type == "string"),
)


def null_text() -> str:
    """What pandas, as it is installed here, makes of a null in a text column."""
    frame = pd.DataFrame({"texts": ["", None]})
    return NULL_TEXT if frame["texts"][1] is None else NAN_TEXT


def _key(column: SignatureColumn, position: int) -> str:
    """What a request calls the column; its position where it has no name."""
    return str(position) if column.name is None else column.name


def _column(column: SignatureColumn, block: Sym | None, place: int) -> Column:
    return Column(block, place, _NUMBERS.get(column.type, column.type), column.name)


def _from_tensor(
    graph: Builder, signature: Signature
) -> tuple[Frame, tuple[Feed, ...]]:
    (tensor,) = signature.tensors
    if len(tensor.shape) != 2 or tensor.shape[1] is None:
        why = f"tensor {tensor.name!r} of shape {tensor.shape} is not (rows, columns)"
        raise NoConversionError(why)
    block = graph.input("X", tensor.dtype, (None, tensor.shape[1]))
    value = block
    if tensor.dtype not in {"float32", "float64", "string"}:
        value = block.cast("float64")
    return frame_of(value), (Feed("X", (), tensor.name),)
