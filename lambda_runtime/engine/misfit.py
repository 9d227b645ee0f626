"""What is wrong with inputs that do not fit a graph, before an engine says it.

Loaded when there are some.
"""

from __future__ import annotations

from lambda_runtime.engine.fit import fits, shape_fits
from lambda_runtime.faults import BadRequest
from lambda_runtime.tensor import SIZES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambda_runtime.manifest import Tensor
    from lambda_runtime.tensor import Value


def refuse(declared: Sequence[Tensor], inputs: Mapping[str, Value]) -> None:
    """Raise BadRequest for the first of *inputs* that is not as *declared*."""
    for tensor in declared:
        value = inputs.get(tensor.name)
        if value is None:
            raise BadRequest(f"input {tensor.name!r} is missing; it is {_say(tensor)}")
        if not fits(tensor, value):
            raise BadRequest(f"input {tensor.name!r} {_misfit(tensor, value)}")
    if len(inputs) != len(declared):
        known = {tensor.name for tensor in declared}
        extra = sorted(name for name in inputs if name not in known)
        raise BadRequest(
            f"unknown inputs {extra}; the graph takes "
            + ", ".join(f"{tensor.name!r}: {_say(tensor)}" for tensor in declared)
        )


def _misfit(tensor: Tensor, value: Value) -> str:
    """What is wrong with a *value* that does not fit, to follow the input's name."""
    shape = _dims(value.shape)
    if value.dtype != tensor.dtype:
        return f"is {_say(tensor)}, not {value.dtype}"
    if value.shape and min(value.shape) < 0:
        return f"has a negative dimension: {shape}"
    if not shape_fits(tensor.shape, value.shape):
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
