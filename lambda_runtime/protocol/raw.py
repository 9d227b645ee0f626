"""Tensors as bare bytes: `application/octet-stream`, nothing to parse.

A request body is one tensor's elements, little-endian and row-major. Two headers say
what they are: `x-tensor-dtype` (numpy's name; default: the model's own) and
`x-tensor-shape` (`10,4`; default: as many rows as the body holds). The tensor is the
signature's only tensor, or all its columns side by side in the signature's order. The
same headers are on an answer in bytes.
"""

from __future__ import annotations

from array import array

from lambda_runtime.exchange import Response
from lambda_runtime.faults import BadRequest
from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT
from lambda_runtime.protocol.cast import buffer, cast, typed, unpack
from lambda_runtime.protocol.coerce import CODES, Misfit
from lambda_runtime.protocol.frames import ByRow
from lambda_runtime.protocol.tensors import check_shape
from lambda_runtime.tensor import SIZES, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lambda_runtime.manifest import Tensor
    from lambda_runtime.protocol.answer import Part
    from lambda_runtime.protocol.bind import Binder

OCTETS = "application/octet-stream"


def read_raw(
    body: bytes, headers: Mapping[str, str], binder: Binder
) -> dict[str, Value]:
    """
    Graph inputs from a body of elements.

    Raises:
        BadRequest: The model takes no single tensor, or body and headers disagree.
        SchemaMismatch: The shape is not the signature's.
    """
    tensors = binder.signature.tensors
    if len(tensors) > 1 or any(
        column.type not in {"boolean", "integer", "long", "float", "double"}
        for column in binder.columns.values()
    ):
        raise BadRequest(
            f"{OCTETS} is for models of a single tensor or of numeric columns only."
        )
    dtype = headers.get("x-tensor-dtype", "").strip() or _default(binder)
    if dtype not in SIZES:
        raise BadRequest(f"x-tensor-dtype must be one of {', '.join(SIZES)}.")
    if tensors:
        wanted: Sequence[int | None] = tensors[0].shape
    else:
        wanted = (None, len(binder.columns))
    shape = _shape(headers.get("x-tensor-shape", ""), wanted, len(body) // SIZES[dtype])
    if _product(shape) * SIZES[dtype] != len(body):
        raise BadRequest(
            f"{len(body)} bytes are not {list(shape)} elements of {dtype}, "
            f"{SIZES[dtype]} bytes each."
        )
    return _bound(Value(dtype, shape, body), binder)


def _default(binder: Binder) -> str:
    """The signature's type, if it has one only; else float64."""
    tensors = binder.signature.tensors
    if tensors:
        return tensors[0].dtype
    types = {column.type for column in binder.columns.values()}
    return "float32" if types == {"float"} else "float64"


def _shape(text: str, wanted: Sequence[int | None], count: int) -> tuple[int, ...]:
    if text.strip():
        sizes = [size.strip() for size in text.split(",")]
        if len(sizes) > 32 or not all(
            size.isascii() and size.isdigit() and len(size) < 16 for size in sizes
        ):
            raise BadRequest("x-tensor-shape must be sizes joined by commas: 10,4")
        return tuple(map(int, sizes))
    known = _product(size for size in wanted if size is not None)
    if list(wanted).count(None) > 1 or not known:
        raise BadRequest("x-tensor-shape is needed: several dimensions vary.")
    return tuple(count // known if size is None else size for size in wanted)


def _product(sizes: Iterable[int]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _bound(value: Value, binder: Binder) -> dict[str, Value]:
    tensors = binder.signature.tensors
    as_it_is = binder.whole(value.dtype)
    if tensors:
        check_shape(value.shape, tensors[0])
        if as_it_is:
            return binder.checked({as_it_is: value})
        return binder.bind_tensors({tensors[0].name: _typed(value, tensors[0])})
    width = len(binder.columns)
    if len(value.shape) != 2 or value.shape[1] != width:
        raise BadRequest(f"x-tensor-shape must be rows,{width}: one for every column.")
    if as_it_is:
        return binder.checked({as_it_is: value})
    cells = unpack(value.dtype, value.data)
    rows = [cells[at : at + width] for at in range(0, len(cells), width)]
    return binder.bind(ByRow(tuple(binder.columns), rows))


def _typed(value: Value, tensor: Tensor) -> tuple[tuple[int, ...], Sequence[object]]:
    try:
        cells = typed(
            unpack(value.dtype, value.data), tensor.dtype, optional=False, loose=False
        )
    except Misfit as misfit:
        raise BadRequest(
            f"The body holds {misfit}, which does not fit {tensor.dtype}."
        ) from None
    return value.shape, cells


def write_raw(parts: Sequence[Part]) -> Response | None:
    """The answer as bytes; None if it is not one array of numbers."""
    if len(parts) != 1 or parts[0].dtype == "string":
        return None
    part = parts[0]
    headers = {
        "content-type": OCTETS,
        "x-tensor-dtype": part.dtype,
        "x-tensor-shape": ",".join(map(str, part.shape)),
    }
    return Response(200, headers, elements(part))


def elements(part: Part) -> bytes:
    """A part's elements as bytes; texts each after its length in four bytes."""
    if part.dtype == "string":
        encoded = [_encoded(value) for value in part.values]
        return b"".join(len(item).to_bytes(4, "little") + item for item in encoded)
    return bytes(memoryview(buffer(cast(part.values, part.dtype))))  # type: ignore[arg-type]


def _encoded(value: object) -> bytes:
    """A text in UTF-8; nothing for null, as the bytes have no other word for it."""
    if value is None or value in {NULL_TEXT, NAN_TEXT}:
        return b""
    return str(value).encode("utf-8", "replace")


def from_bytes(dtype: str, data: bytes) -> Sequence[object]:
    """Elements of *dtype* from bytes, as an array where one holds them."""
    if dtype in {"float16", "bool"}:
        return unpack(dtype, data)
    values: array[int] = array(CODES[dtype])
    values.frombytes(data)
    return values
