"""Nested lists, and tables, to tensors of a signature's shape and type."""

from __future__ import annotations

from itertools import chain

from lambda_runtime.faults import BadRequest, SchemaMismatch
from lambda_runtime.protocol.cast import typed
from lambda_runtime.protocol.coerce import Misfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lambda_runtime.manifest import Tensor
    from lambda_runtime.protocol.frames import Frame

    Shaped = tuple[tuple[int, ...], Any]
    """A shape and as many typed values, row-major."""


def flatten(data: Any) -> tuple[tuple[int, ...], list[Any]]:
    """
    The shape of nested lists and their elements, row-major.

    Raises:
        Misfit: The lists are ragged.
    """
    if not isinstance(data, list):
        return (), [data]
    shape, level = [len(data)], data
    while level and type(level[0]) is list:
        if set(map(type, level)) != {list}:
            raise Misfit("arrays beside single values")
        if len(set(map(len, level))) != 1:
            raise Misfit("arrays of different lengths")
        shape.append(len(level[0]))
        level = list(chain.from_iterable(level))
    return tuple(shape), level


def enforce(data: Any, tensor: Tensor) -> Shaped:
    """
    Nested lists as *tensor* wants them: shape checked, elements typed.

    Raises:
        BadRequest: Ragged, or an element does not fit the type.
        SchemaMismatch: Another shape.
    """
    try:
        shape, flat = flatten(data)
        values = typed(flat, tensor.dtype, optional=False, loose=True)
    except Misfit as misfit:
        raise _misfit(tensor, misfit) from None
    return check_shape(shape, tensor), values


def check_shape(shape: tuple[int, ...], tensor: Tensor) -> tuple[int, ...]:
    """*shape*, if the signature allows it; SchemaMismatch if not."""
    wanted = tensor.shape
    if len(shape) == len(wanted) and all(
        want is None or want == have for want, have in zip(wanted, shape, strict=True)
    ):
        return shape
    raise SchemaMismatch(
        f"Shape of input {shape} does not match expected shape {signed(wanted)}."
    )


def from_columns(frame: Frame, tensor: Tensor) -> Shaped:
    """The one unnamed tensor from a whole table."""
    names = list(frame.names)
    if not names or not frame.count:
        raise SchemaMismatch("Input DataFrame is empty.")
    if len(names) == 1:
        return from_column(frame.column(names[0]) or [], tensor)
    if len(tensor.shape) != 2 or tensor.shape[1] != len(names) or tensor.shape[0]:
        raise SchemaMismatch(
            "This model contains a model signature with an unnamed input. The input "
            "shape must be of the structure (-1, number_of_dataframe_columns). "
            f"Instead, the input passed had {len(names)} columns and an input shape of "
            f"{signed(tensor.shape)}."
        )
    try:
        cells = list(frame.cells(tuple(names)))
    except KeyError:  # a key that some records lack, or a column given twice
        columns = [frame.column(name) or [] for name in names]
        cells = list(chain.from_iterable(zip(*columns, strict=True)))
    return _reshape(cells, (frame.count, len(names)), tensor)


def from_column(cells: Sequence[Any], tensor: Tensor) -> Shaped:
    """A tensor from one column of scalars, or of flat lists to be reshaped."""
    shape = tensor.shape
    if not shape or shape[0] is not None or None in shape[1:]:
        raise SchemaMismatch(
            "For pandas dataframe input, the first dimension of shape must be a "
            "variable dimension and other dimensions must be fixed, but in model "
            f"signature the shape of {_label(tensor)} is {signed(shape)}."
        )
    whole = (len(cells), *(size for size in shape[1:] if size is not None))
    if cells and isinstance(cells[0], list):
        return _reshape(_joined(cells, tensor), whole, tensor)
    if shape not in {(None,), (None, 1)}:
        raise SchemaMismatch(
            f"The input column of {_label(tensor)} contains scalar values, which "
            "requires the shape to be (-1,) or (-1, 1), but got tensor spec shape of "
            f"{signed(shape)}."
        )
    return _reshape(list(cells), whole, tensor)


def _joined(cells: Sequence[Any], tensor: Tensor) -> list[Any]:
    try:
        shape, flat = flatten(list(cells))
    except Misfit as misfit:
        raise _misfit(tensor, misfit) from None
    if len(shape) != 2:
        raise SchemaMismatch(
            f"{_label(tensor)}: cells must be scalars or flat arrays of scalars."
        )
    return flat


def _reshape(flat: list[Any], shape: tuple[int, ...], tensor: Tensor) -> Shaped:
    size = 1
    for length in shape:
        size *= length
    if size != len(flat):
        raise SchemaMismatch(
            f"{_label(tensor)}: {len(flat)} values cannot be converted to the expected "
            f"shape of: '{signed(tensor.shape)}'."
        )
    try:
        return shape, typed(flat, tensor.dtype, optional=False, loose=True)
    except Misfit as misfit:
        raise _misfit(tensor, misfit) from None


def signed(shape: Sequence[int | None]) -> tuple[int, ...]:
    """A shape as MLflow writes it: -1 where it varies."""
    return tuple(-1 if size is None else size for size in shape)


def _label(tensor: Tensor) -> str:
    return f"input {tensor.name}" if tensor.name else "the unnamed input"


def _misfit(tensor: Tensor, misfit: Misfit) -> BadRequest:
    where = "It" if misfit.row is None else f"Element {misfit.row}"
    return BadRequest(
        f"Invalid input. Failed to convert {_label(tensor)} to type '{tensor.dtype}'. "
        f"{where} holds {misfit}."
    )
