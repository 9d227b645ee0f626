"""Whether inputs fit a graph; what does not is told in words of ours (`misfit`)."""

from __future__ import annotations

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
        if value is None or not fits(tensor, value):
            break
    else:
        if len(inputs) == len(declared):
            return
    from lambda_runtime.engine.misfit import refuse  # noqa: PLC0415 - if need be

    refuse(declared, inputs)


def fits(tensor: Tensor, value: Value) -> bool:
    """Whether *value* is what *tensor* says; on every request, so in few steps."""
    _, dtype, wanted = tensor
    have, shape, data = value
    if have != dtype or not shape_fits(wanted, shape):
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


def shape_fits(wanted: Sequence[int | None], shape: Sequence[int]) -> bool:
    """Whether a *shape* is what is *wanted*; no dimensions at all want any."""
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
