"""The common request in few steps: one block of numbers, packed row by row in C.

Most requests of most models are lists of numbers that go into one input as they are,
and most answers one output as it is. `Quick` reads and writes those; at anything else,
be it one null, it answers None, and the rules do it. So nothing is decided here: what
is packed here is what the rules give, bit by bit, and every refusal is theirs.

Loaded with the second request: not worth a cold start's time.
"""

from __future__ import annotations

import struct
from _operator import itemgetter
from itertools import chain, starmap

from lambda_runtime.protocol import json_text
from lambda_runtime.protocol.answer import texts
from lambda_runtime.record import NamedTuple, made
from lambda_runtime.tensor import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from lambda_runtime.manifest import Answer, Field
    from lambda_runtime.protocol.bind import Plan
    from lambda_runtime.protocol.gaps import Guard
    from lambda_runtime.tensor import Buffer

    Rows = tuple[Iterable[Sequence[Any]], int]
    """Rows, and how many."""

_CODES = {"float32": "f", "float64": "d"}
_PLAIN = {
    "float32": "f", "float64": "d", "int32": "i", "int64": "q", "uint8": "B",
    "float16": "e",
}  # fmt: skip
"""`struct` codes of the numbers that an output is written from."""

_WHOLE = "iqB"
"""Those of whole numbers: what tells a label by its place."""

_MATRIX = 2

_INFINITE = {
    "f": (b"\x00\x00\x80\x7f", b"\x00\x00\x80\xff"),
    "d": (b"\x00\x00\x00\xf0\x7f", b"\x00\x00\x00\xf0\xff"),
}
"""How infinities are packed. An integer of 309 digits becomes one in some JSON readers,
so they are left to the rules; as is what looks like one across two numbers."""

_ELSE = (
    ValueError, TypeError, KeyError, AttributeError, OverflowError, struct.error,
)  # fmt: skip
"""What a request raises that is not of the form that was expected."""


class Shape(NamedTuple):
    """What a `Block` reads."""

    input: str
    """The graph input that takes all of it."""
    dtype: str
    """`float32` or `float64`."""
    sizes: tuple[int, ...]
    """Of a row."""
    tensor: str = ""
    """Name of the signature's tensor, if it has one."""
    columns: tuple[str, ...] = ()
    """Names of the signature's columns, as they lie in the input; none for a tensor."""


class Block:
    """Reads requests of one shape; what *guard* suspects is left to the rules."""

    def __init__(self, shape: Shape, guard: Guard | None = None) -> None:
        self._shape, self._strict = shape, guard is not None
        self._guard = guard if guard is not None and guard.large else None
        code, width = _CODES[shape.dtype], shape.sizes[-1]
        self._pack = struct.Struct(f"<{width}{code}").pack
        self._infinite, self._infinite_too = _INFINITE[code]
        self._names = list(shape.columns)
        self._cells: Callable[[Any], Sequence[Any]] | None = None
        readers: dict[str, Callable[[Any], Rows]]
        if shape.columns:
            readers = {"dataframe_split": self._split, "inputs": self._lists}
            if width > 1:
                self._cells = itemgetter(*shape.columns)
                readers["dataframe_records"] = self._records
        else:
            readers = {"inputs": self._nested, "instances": self._nested}
        self._readers = readers

    def read(self, body: bytes) -> dict[str, Value] | None:
        """The graph's input from *body*; None if it must be read by the rules."""
        try:
            fast = json_text.Codec.fast
            if self._strict and not fast and b"NaN" in body:
                return None
            request = fast.quick_loads(body) if fast else json_text.plain_loads(body)
            ((form, data),) = request.items()
            rows, count = self._readers[form](data)
            packed = b"".join(starmap(self._pack, rows))
        except _ELSE:
            return None
        if not packed or self._infinite in packed or self._infinite_too in packed:
            return None
        if self._guard is not None and self._guard.suspects(packed):
            return None
        name, dtype, sizes, _, _ = self._shape
        return {name: made(Value, (dtype, (count, *sizes), packed))}

    def _nested(self, data: Any) -> Rows:
        name = self._shape.tensor
        level = data[name] if name and type(data) is dict and len(data) == 1 else data
        if type(level) is not list:
            raise TypeError
        count = len(level)
        for size in self._shape.sizes[:-1]:
            if set(map(type, level)) != {list} or set(map(len, level)) != {size}:
                raise TypeError
            level = list(chain.from_iterable(level))
        return level, count

    def _split(self, data: Any) -> Rows:
        if len(data) != 2 or data["columns"] != self._names:
            raise TypeError
        rows = data["data"]
        return rows, len(rows)

    def _records(self, data: Any) -> Rows:
        assert self._cells is not None
        if set(map(type, data)) != {dict}:
            raise TypeError
        return map(self._cells, data), len(data)

    def _lists(self, data: Any) -> Rows:
        columns = [data[name] for name in self._names]
        if set(map(type, columns)) != {list} or len(data) != len(columns):
            raise TypeError
        return zip(*columns, strict=True), len(columns[0])


class Quick:
    """The quick way into and out of one model; None wherever there is none.

    Args:
        plans: What reading by the rules fills.
        named: Whether the signature's columns, if any, have names and all are fed.
        answer: What the model answers.
        guards: What the model refuses in its inputs.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        answer: Answer,
        *,
        named: bool,
        guards: Sequence[Guard] = (),
    ) -> None:
        guard = guards[0] if guards else None
        self._block = block_of(plans[0], guard) if len(plans) == 1 and named else None
        self._writer = Writer(answer.fields[0]) if _as_it_is(answer) else None

    def read(self, body: bytes) -> dict[str, Value] | None:
        """Graph inputs from a JSON body of plain numbers."""
        return self._block.read(body) if self._block else None

    def write(self, outputs: Mapping[str, Value]) -> bytes | None:
        """The whole answer; None if it must be written by the rules."""
        return self._writer.write(outputs) if self._writer else None


class Writer:
    """Writes answers of one field: a matrix or a list of numbers, or labels."""

    def __init__(self, field: Field) -> None:
        self._output = field.output
        self._labels = [texts([label])[0].encode() for label in field.labels]
        self._label = self._labels.__getitem__

    def write(self, outputs: Mapping[str, Value]) -> bytes | None:
        """`{"predictions": [...]}`; None if it must be written by the rules."""
        dtype, shape, data = outputs[self._output]
        code = _PLAIN.get(dtype)
        if not code or not shape or 0 in shape:
            return None
        if len(shape) > 1:
            if len(shape) > _MATRIX or self._labels:
                return None
            return b'{"predictions":' + rows(data, shape[1], code) + b"}"  # type: ignore[arg-type]
        values = struct.unpack(f"<{shape[0]}{code}", data)  # type: ignore[arg-type]
        if not self._labels:
            return b'{"predictions":[' + json_text.numbers(values).encode() + b"]}"
        known = len(self._labels)
        if code not in _WHOLE or not 0 <= min(values) <= max(values) < known:
            return None
        return b'{"predictions":[' + b",".join(map(self._label, values)) + b"]}"


def rows(data: Buffer, width: int, code: str) -> bytes:
    """
    Rows of packed numbers as nested lists; NaN and infinities are written null.

    Args:
        data: Little-endian elements, row-major.
        width: Elements in a row, > 0.
        code: `struct`'s code of an element; of a number, not of a boolean.
    """
    if json_text.Codec.fast:
        packed: bytes = json_text.Codec.fast.rows(data, width, code)
        return packed
    row = "[" + ",".join(["%r"] * width) + "]"
    text = ",".join(map(row.__mod__, struct.iter_unpack(f"<{width}{code}", data)))
    return f"[{json_text.finite(text)}]".encode("ascii")


def _as_it_is(answer: Answer) -> bool:
    if answer.form != "array" or len(answer.fields) != 1:
        return False
    return answer.fields[0].column is None


def block_of(plan: Plan, guard: Guard | None = None) -> Block | None:
    """The reader of plain requests to a model of one input, if there can be one."""
    if plan.dtype not in _CODES:
        return None
    if plan.code:
        width = len(plan.names)
        shape = Shape(plan.input, plan.dtype, (width,), columns=plan.names)
        return Block(shape, guard)
    if plan.tensor is None or plan.tensor.dtype not in {plan.dtype, "float64"}:
        return None
    rest = plan.tensor.shape[1:]
    sizes = tuple([size for size in rest if size])
    if plan.tensor.shape[:1] != (None,) or not sizes or len(sizes) < len(rest):
        return None
    shape = Shape(plan.input, plan.dtype, sizes, tensor=plan.tensor.name)
    return Block(shape, guard)
