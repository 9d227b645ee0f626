"""Tensor values as the doors, codecs and engines pass them: no numpy needed."""

from __future__ import annotations

from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Buffer = bytes | bytearray | memoryview

SIZES = {
    "float16": 2, "float32": 4, "float64": 8, "int8": 1, "int16": 2, "int32": 4,
    "int64": 8, "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8, "bool": 1,
}  # fmt: skip
"""Bytes of one element; strings have none."""


class Value(NamedTuple):
    """A tensor with its content, row-major.

    `data` is a writable or read-only buffer of `dtype`'s native little-endian
    elements; for `string`, a flat list of `str`.
    """

    dtype: str
    shape: tuple[int, ...]
    data: Buffer | Sequence[str]
