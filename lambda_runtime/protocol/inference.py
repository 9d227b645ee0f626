"""Open Inference Protocol v2 over REST, with its binary tensor extension.

Inputs are the signature's tensors by name (any name for an unnamed one); or its
columns by name, each of shape `[rows]` or `[rows, 1]`; or all columns as one matrix
`[rows, columns]` in the signature's order.
"""

from __future__ import annotations

from lambda_runtime.faults import BadRequest
from lambda_runtime.protocol import json_text
from lambda_runtime.protocol.cast import typed
from lambda_runtime.protocol.coerce import Misfit, kind
from lambda_runtime.protocol.columns import missing_names
from lambda_runtime.protocol.frames import ByColumn, ByRow
from lambda_runtime.protocol.raw import from_bytes
from lambda_runtime.protocol.tensors import check_shape, flatten
from lambda_runtime.record import NamedTuple
from lambda_runtime.tensor import SIZES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lambda_runtime.protocol.bind import Binder
    from lambda_runtime.tensor import Value

DATATYPES = {
    "BOOL": "bool", "UINT8": "uint8", "UINT16": "uint16", "UINT32": "uint32",
    "UINT64": "uint64", "INT8": "int8", "INT16": "int16", "INT32": "int32",
    "INT64": "int64", "FP16": "float16", "FP32": "float32", "FP64": "float64",
    "BYTES": "string",
}  # fmt: skip
"""The protocol's element types, by ours."""

NAMES = {dtype: name for name, dtype in DATATYPES.items()}
"""Our element types, by the protocol's."""

_RANK = 32
"""Most dimensions a tensor may say it has."""

LENGTH = "inference-header-content-length"


class Input(NamedTuple):
    """One tensor of a request."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    values: Sequence[Any]


class Ask(NamedTuple):
    """A request, read."""

    id: str | None
    inputs: tuple[Input, ...]
    outputs: dict[str, bool] | None
    """Names asked for, and whether as bytes; None is all of them."""
    binary: bool
    """Whether outputs are bytes unless they say otherwise."""


def read_infer(body: bytes, headers: Mapping[str, str]) -> Ask:
    """
    Read an infer request, JSON alone or JSON followed by tensors' bytes.

    Raises:
        BadRequest: It is not one; the message says where.
    """
    length = _header_length(headers.get(LENGTH), len(body))
    try:
        request = json_text.loads(body[:length])
    except ValueError:
        raise BadRequest("The request is not valid JSON.") from None
    if not isinstance(request, dict):
        raise BadRequest(f"The request must be an object, not {kind(request)}.")
    inputs = request.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise BadRequest("'inputs' must be a list of at least one tensor.")
    rest, read = memoryview(body)[length:], []
    for item in inputs:
        tensor, rest = _input(item, rest)
        read.append(tensor)
    if len(rest):
        raise BadRequest(f"{len(rest)} bytes are left after the last input.")
    label = request.get("id")
    if label is not None and not isinstance(label, str):
        raise BadRequest("'id' must be a text.")
    binary = _parameters(request).get("binary_data_output") is True
    return Ask(label, tuple(read), _outputs(request, default=binary), binary)


def _header_length(text: str | None, size: int) -> int:
    if text is None:
        return size
    if not (text.isascii() and text.isdigit() and len(text) < 16) or int(text) > size:
        raise BadRequest("Inference-Header-Content-Length must be within the body.")
    return int(text)


def _parameters(item: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = item.get("parameters", {})
    return parameters if isinstance(parameters, dict) else {}


def _outputs(request: Mapping[str, Any], *, default: bool) -> dict[str, bool] | None:
    outputs = request.get("outputs")
    if outputs is None:
        return None
    if not isinstance(outputs, list) or not all(
        isinstance(item, dict) and isinstance(item.get("name"), str) for item in outputs
    ):
        raise BadRequest("'outputs' must be a list of objects with a 'name'.")
    return {
        item["name"]: _parameters(item).get("binary_data", default) is True
        for item in outputs
    }


def _input(item: Any, rest: memoryview) -> tuple[Input, memoryview]:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise BadRequest("Every input must be an object with a 'name'.")
    name, shape = item["name"], item.get("shape")
    dtype = DATATYPES.get(str(item.get("datatype")))
    if dtype is None:
        raise BadRequest(f"'datatype' must be one of {', '.join(DATATYPES)}.")
    count = _count(shape)
    used = _parameters(item).get("binary_data_size")
    if used is None:
        values = _listed(name, item.get("data"), dtype)
    else:
        if type(used) is not int or not 0 <= used <= len(rest):
            raise BadRequest("'binary_data_size' must be within the body.")
        values, rest = _binary(bytes(rest[:used]), dtype), rest[used:]
    if len(values) != count:
        raise BadRequest(
            f"Input has {len(values)} elements, not the {count} of its shape {shape}."
        )
    return Input(name, dtype, tuple(shape or ()), values), rest


def _count(shape: Any) -> int:
    """Elements of a *shape* as the request has it."""
    if (
        not isinstance(shape, list)
        or len(shape) > _RANK
        or not all(type(size) is int and 0 <= size < 1 << 40 for size in shape)
    ):
        raise BadRequest(f"'shape' must be a list of at most {_RANK} sizes.")
    count = 1
    for size in shape:
        count *= size
    return count


def _listed(name: str, data: Any, dtype: str) -> Sequence[Any]:
    if not isinstance(data, list):
        raise BadRequest("Every input needs 'data', or 'binary_data_size'.")
    try:
        values: Sequence[Any] = typed(
            flatten(data)[1], dtype, optional=False, loose=False
        )
    except Misfit as misfit:
        raise BadRequest(
            f"Input '{name[:64]}' holds {misfit}, which does not fit {NAMES[dtype]}."
        ) from None
    return values


def _binary(data: bytes, dtype: str) -> Sequence[Any]:
    if dtype == "string":
        return _byte_texts(data)
    if len(data) % SIZES[dtype]:
        raise BadRequest(f"{len(data)} bytes are no whole elements of {NAMES[dtype]}.")
    return from_bytes(dtype, data)


def _byte_texts(data: bytes) -> list[str]:
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        end = at + 4 + size
        if end > len(data):
            raise BadRequest("A BYTES element is longer than its input.")
        try:
            found.append(data[at + 4 : end].decode())
        except UnicodeDecodeError:
            raise BadRequest("A BYTES element is not UTF-8.") from None
        at = end
    return found


def bind_infer(ask: Ask, binder: Binder) -> dict[str, Value]:
    """
    Graph inputs from a read request.

    Raises:
        SchemaMismatch: Names or shapes are not the signature's.
        BadRequest: Elements do not fit its types.
    """
    given = {item.name: item for item in ask.inputs}
    if len(given) != len(ask.inputs):
        raise BadRequest("An input is given more than once.")
    if binder.signature.tensors:
        return _bind_tensors(given, binder)
    width, first = len(binder.columns), ask.inputs[0]
    if (
        len(ask.inputs) == 1
        and len(first.shape) == 2
        and first.name not in binder.columns
    ):
        if first.shape[1] != width:
            raise BadRequest(f"A matrix of {width} columns is expected.")
        values = list(first.values)
        rows = [values[at : at + width] for at in range(0, len(values), width)]
        return binder.bind(ByRow(tuple(binder.columns), rows))
    return binder.bind(_columns(ask.inputs))


def _columns(inputs: Sequence[Input]) -> ByColumn:
    counts = set()
    for item in inputs:
        if len(item.shape) not in {1, 2} or item.shape[1:] not in {(), (1,)}:
            raise BadRequest("A column's shape must be [rows] or [rows, 1].")
        counts.add(item.shape[0])
    if len(counts) != 1:
        raise BadRequest("All columns must have as many rows.")
    return ByColumn({item.name: list(item.values) for item in inputs}, counts.pop())


def _bind_tensors(given: Mapping[str, Input], binder: Binder) -> dict[str, Value]:
    wanted = binder.signature.tensors
    if not wanted[0].name:
        if len(given) != 1:
            raise BadRequest("The model takes one input.")
        given = {"": next(iter(given.values()))}
    missing_names([tensor.name for tensor in wanted], list(given))
    read = {}
    for tensor in wanted:
        item = given[tensor.name]
        shape = check_shape(item.shape, tensor)
        try:
            values = typed(item.values, tensor.dtype, optional=False, loose=False)
        except Misfit as misfit:
            raise BadRequest(
                f"Input '{tensor.name}' holds {misfit}, "
                f"which does not fit {tensor.dtype}."
            ) from None
        read[tensor.name] = (shape, values)
    return binder.bind_tensors(read)
