"""Whether inputs fit a graph, said in words before an engine says it in its own."""

from __future__ import annotations

from lambda_runtime.faults import BadRequest
from lambda_runtime.tensor import SIZES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambda_runtime.manifest import Tensor
    from lambda_runtime.tensor import Value


MAX_RANK = 64
"""Most dimensions of a tensor, as numpy has it too."""


def require_fit(declared: Sequence[Tensor], inputs: Mapping[str, Value]) -> None:
    """
    Raise BadRequest unless *inputs* are exactly what the graph takes.

    Names, element types, ranks, fixed dimensions and the length of the data are
    compared. A rank declared as zero may be a graph's way of not saying; any is let
    through to the engine.
    """
    for tensor in declared:
        value = inputs.get(tensor.name)
        if value is None:
            raise BadRequest(f"input {tensor.name!r} is missing; it is {_say(tensor)}")
        if not _fits(tensor, value):
            raise BadRequest(f"input {tensor.name!r} {_misfit(tensor, value)}")
    if len(inputs) != len(declared):
        known = {tensor.name for tensor in declared}
        extra = sorted(name for name in inputs if name not in known)
        raise BadRequest(
            f"unknown inputs {extra}; the graph takes "
            + ", ".join(f"{tensor.name!r}: {_say(tensor)}" for tensor in declared)
        )


def encoded_texts(name: str, texts: Sequence[str]) -> list[bytes]:
    """
    The *texts* of input *name* in UTF-8.

    Raises:
        BadRequest: One of them is no text, or not valid Unicode.
    """
    try:
        return [text.encode() for text in texts]
    except UnicodeEncodeError as cause:
        raise BadRequest(
            f"input {name!r} holds text that is not valid Unicode: {cause.reason}"
        ) from cause
    except AttributeError as cause:
        raise BadRequest(f"input {name!r} holds something that is no text") from cause


def _fits(tensor: Tensor, value: Value) -> bool:
    """Whether all is well; on every request, so in few steps and without words."""
    _, dtype, wanted = tensor
    have, shape, data = value
    if have != dtype or not _shape_fits(wanted, shape):
        return False
    count = 1
    for size in shape:
        count *= size
    if dtype == "string":
        return len(data) == count
    try:
        view = memoryview(data)  # type: ignore[arg-type]
    except TypeError:
        return False
    if dtype == "bool" and bytes(view).strip(b"\x00\x01"):
        return False
    return view.nbytes == count * SIZES[dtype]


def _shape_fits(wanted: Sequence[int | None], shape: Sequence[int]) -> bool:
    if shape and (min(shape) < 0 or len(shape) > MAX_RANK):
        return False
    if not wanted:
        return True
    if len(wanted) != len(shape):
        return False
    for want, have in zip(wanted, shape):  # noqa: B905 - as long, and on every request
        if want is not None and want != have:
            return False
    return True


def _misfit(tensor: Tensor, value: Value) -> str:
    """What is wrong with a *value* that does not fit, to follow the input's name."""
    shape = _dims(value.shape)
    if value.dtype != tensor.dtype:
        return f"is {_say(tensor)}, not {value.dtype}"
    if value.shape and min(value.shape) < 0:
        return f"has a negative dimension: {shape}"
    if not _shape_fits(tensor.shape, value.shape):
        return f"is {_say(tensor)}, not of shape {shape}"
    return _length_misfit(value, shape)


def _length_misfit(value: Value, shape: str) -> str:
    count = 1
    for size in value.shape:
        count *= size
    if value.dtype == "string":
        return f"of shape {shape} needs {count} strings, not {len(value.data)}"
    try:
        have = memoryview(value.data).nbytes  # type: ignore[arg-type]
    except TypeError:
        return f"holds no bytes of {value.dtype}"
    need = count * SIZES[value.dtype]
    if have != need:
        return f"of shape {shape} needs {need} bytes, not {have}"
    return "holds bytes other than 0 and 1 as bool"


def _say(tensor: Tensor) -> str:
    return f"{tensor.dtype} {_dims(tensor.shape)}"


def _dims(shape: Sequence[int | None]) -> str:
    return "(" + ", ".join("?" if item is None else str(item) for item in shape) + ")"
