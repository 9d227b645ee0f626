"""Whether inputs fit a graph, said in words before an engine says it in its own."""

from __future__ import annotations

from lambda_runtime.faults import BadRequest
from lambda_runtime.tensor import SIZES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambda_runtime.manifest import Tensor
    from lambda_runtime.tensor import Value


def require_fit(declared: Sequence[Tensor], inputs: Mapping[str, Value]) -> None:
    """
    Raise BadRequest unless *inputs* are exactly what the graph takes.

    Names, element types, ranks, fixed dimensions and the length of the data are
    compared. A rank declared as zero may be a graph's way of not saying; it is left to
    the engine.
    """
    for tensor in declared:
        value = inputs.get(tensor.name)
        if value is None:
            raise BadRequest(f"input {tensor.name!r} is missing; it is {_say(tensor)}")
        _require_type_and_shape(tensor, value)
        _require_length(tensor.name, value)
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


def _require_type_and_shape(tensor: Tensor, value: Value) -> None:
    if value.dtype != tensor.dtype:
        raise BadRequest(f"input {tensor.name!r} is {_say(tensor)}, not {value.dtype}")
    if not tensor.shape:
        return
    fits = len(value.shape) == len(tensor.shape) and all(
        want in {None, have}
        for want, have in zip(tensor.shape, value.shape, strict=True)
    )
    if not fits:
        raise BadRequest(
            f"input {tensor.name!r} is {_say(tensor)}, not of shape "
            f"{_dims(value.shape)}"
        )


def _require_length(name: str, value: Value) -> None:
    count = 1
    for dimension in value.shape:
        if dimension < 0:
            raise BadRequest(
                f"input {name!r} has a negative dimension: {_dims(value.shape)}"
            )
        count *= dimension
    if value.dtype == "string":
        have, want, unit = len(value.data), count, "strings"
    else:
        have, want = _bytes(name, value), count * SIZES[value.dtype]
        unit = "bytes"
    if have != want:
        raise BadRequest(
            f"input {name!r} of shape {_dims(value.shape)} needs {want} {unit}, "
            f"not {have}"
        )


def _bytes(name: str, value: Value) -> int:
    try:
        view = memoryview(value.data)  # type: ignore[arg-type]
    except TypeError:
        raise BadRequest(f"input {name!r} holds no bytes of {value.dtype}") from None
    if value.dtype == "bool" and view.nbytes and bytes(view).strip(b"\x00\x01"):
        raise BadRequest(f"input {name!r} holds bytes other than 0 and 1 as bool")
    return view.nbytes


def _say(tensor: Tensor) -> str:
    return f"{tensor.dtype} {_dims(tensor.shape)}"


def _dims(shape: Sequence[int | None]) -> str:
    return "(" + ", ".join("?" if item is None else str(item) for item in shape) + ")"
