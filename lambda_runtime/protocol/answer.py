"""Graph outputs to what the model's own `predict` returns, as JSON text.

NaN and infinities are written null: JSON has no other word for them.
"""

from __future__ import annotations

from lambda_runtime.faults import Internal
from lambda_runtime.manifest import CHECKED, NAN_TEXT, NULL_TEXT, Answer, Field
from lambda_runtime.protocol import json_text
from lambda_runtime.protocol.cast import unpack
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lambda_runtime.tensor import Value

_MISSING = frozenset({NULL_TEXT, NAN_TEXT})


class Part(NamedTuple):
    """One field of the answer: elements row-major, labels looked up."""

    name: str | None
    dtype: str
    """Of the elements, by numpy's names; `string` where they are texts."""
    shape: tuple[int, ...]
    values: list[Any]


class Answerer:
    """Writes answers for one manifest."""

    def __init__(self, answer: Answer) -> None:
        self.form = answer.form
        self.fields = answer.fields
        wanted = [field.output for field in answer.fields]
        if answer.checks:
            wanted.append(CHECKED)
        self.outputs = tuple(dict.fromkeys(wanted))
        """The graph outputs to ask for, each once."""
        names = [
            json_text.text(field.name or "").replace("%", "%%")
            for field in answer.fields
        ]
        self._record = "{" + ",".join(f"{name}:%s" for name in names) + "}"

    def parts(self, outputs: Mapping[str, Value]) -> list[Part]:
        """
        The answer's fields from the graph's outputs.

        Raises:
            Internal: An output lacks what the manifest says it has.
        """
        return [_part(field, outputs[field.output]) for field in self.fields]

    def write(self, outputs: Mapping[str, Value]) -> bytes:
        """`{"predictions": ...}` as MLflow's server answers."""
        text = self.predictions(self.parts(outputs))
        return f'{{"predictions":{text}}}'.encode("ascii")

    def predictions(self, parts: Sequence[Part]) -> str:
        """The predictions alone, as JSON."""
        if self.form == "table":
            columns = [rows(part, squeeze=True) for part in parts]
            return (
                "["
                + ",".join(map(self._record.__mod__, zip(*columns, strict=True)))
                + "]"
            )
        if self.form == "tensors":
            return self._record % tuple(map(nested, parts))
        if len(parts) == 1:
            return nested(parts[0])
        columns = [rows(part, squeeze=True) for part in parts]
        return (
            "["
            + ",".join("[" + ",".join(row) + "]" for row in zip(*columns, strict=True))
            + "]"
        )


def _part(field: Field, value: Value) -> Part:
    values, shape, dtype = unpack(value.dtype, value.data), value.shape, value.dtype
    if field.column is not None:
        width = shape[1] if len(shape) == 2 else 0
        if not -width <= field.column < width:
            raise Internal(f"Output {field.output} has no column {field.column}.")
        values, shape = values[field.column % width :: width], shape[:1]
    if field.labels:
        values, dtype = _labelled(field, values), label_type(field.labels)
    return Part(field.name, dtype, tuple(shape), values)


def _labelled(field: Field, values: list[Any]) -> list[Any]:
    labels = field.labels
    places = [int(value) for value in values]
    if places and not 0 <= min(places) <= max(places) < len(labels):
        raise Internal(f"Output {field.output} is beyond its {len(labels)} labels.")
    return [labels[place] for place in places]


def label_type(labels: Sequence[Any]) -> str:
    """The element type of labels."""
    kinds = set(map(type, labels))
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int64"
    return "float64" if kinds <= {int, float} else "string"


def texts(values: list[Any]) -> list[str]:
    """Every element as JSON."""
    if not values:
        return []
    kinds = set(map(type, values))
    if kinds <= {int, float}:
        return json_text.numbers(values).split(",")
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    if value is None or (isinstance(value, str) and value in _MISSING):
        return "null"
    if isinstance(value, str):
        return json_text.text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return json_text.numbers([value])


def nested(part: Part) -> str:
    """A part as nested lists; a bare value if it has no dimensions."""
    if len(part.shape) == 1 and part.dtype.startswith(("float", "int", "uint")):
        return "[" + json_text.numbers(part.values) + "]"
    cells = rows(part)
    return "[" + ",".join(cells) + "]" if part.shape else cells[0]


def rows(part: Part, *, squeeze: bool = False) -> list[str]:
    """One JSON text a row; a row of one is that one, if *squeeze*."""
    cells, shape = texts(part.values), part.shape
    if squeeze and len(shape) == 2 and shape[1] == 1:
        return cells
    for axis in range(len(shape) - 1, 0, -1):
        size, count = shape[axis], 1
        for length in shape[:axis]:
            count *= length
        cells = [
            "[" + ",".join(cells[at * size : (at + 1) * size]) + "]"
            for at in range(count)
        ]
    return cells
