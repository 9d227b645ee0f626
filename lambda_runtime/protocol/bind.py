"""An enforced request to the graph's inputs.

The signature's columns or tensors are read by `coerce`, one feed at a time, and laid
out as its `Feed` says. Unnamed columns are known by their position, "0", "1", ...
"""

from __future__ import annotations

import struct
from binascii import Error as Base64Error
from binascii import a2b_base64

from lambda_runtime.faults import BadRequest, BrokenBundle, SchemaMismatch
from lambda_runtime.manifest import NULL_TEXT, Column, Feed, Signature, Tensor
from lambda_runtime.protocol.cast import buffer, cast, side_by_side, typed
from lambda_runtime.protocol.coerce import NAN, Misfit, each, kind
from lambda_runtime.protocol.moments import moments
from lambda_runtime.protocol.tensors import enforce, from_column, from_columns
from lambda_runtime.record import NamedTuple
from lambda_runtime.tensor import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lambda_runtime.manifest import Manifest
    from lambda_runtime.protocol.frames import Frame

_SHOWN = 20
"""Names listed in a message at most."""

_DIRECT = {"float64": "d", "float32": "f", "float16": "e"}
"""Element types a whole block of doubles is packed into at once."""

_NUMPY = {
    "boolean": "bool", "integer": "int32", "long": "int64", "float": "float32",
    "double": "float64", "datetime": "datetime64[ns]", "binary": "bytes",
}  # fmt: skip
"""Column types by the names MLflow's messages use."""


class _Plan(NamedTuple):
    """One feed, looked up once."""

    input: str
    dtype: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    code: str
    """`struct` code if cells can be packed as they come; else empty."""
    tensor: Tensor | None


class Binder:
    """Turns requests into graph inputs for one manifest."""

    def __init__(self, manifest: Manifest) -> None:
        self.signature = _signature(manifest)
        self.columns = {
            str(at) if column.name is None else column.name: column
            for at, column in enumerate(self.signature.columns)
        }
        self.unnamed = any(column.name is None for column in self.signature.columns)
        self._required = [
            name for name, column in self.columns.items() if column.required
        ]
        self._plans = [self._plan(feed, manifest.inputs) for feed in manifest.feeds]
        fed = {name for plan in self._plans for name in plan.names}
        self._unfed = [name for name in self.columns if name not in fed]

    def _plan(self, feed: Feed, inputs: Sequence[Tensor]) -> _Plan:
        dtypes = {tensor.name: tensor.dtype for tensor in inputs}
        tensors = {tensor.name: tensor for tensor in self.signature.tensors}
        try:
            dtype = dtypes[feed.input]
            columns = tuple(self.columns[name] for name in feed.columns)
            tensor = None if columns else tensors[_tensor_name(feed, tensors)]
        except KeyError as cause:
            raise BrokenBundle(
                "feed-unknown", f"feed {feed.input!r} names {cause}, not in the model"
            ) from None
        for column in columns:
            if column.type not in _NUMPY and column.type != "string":
                raise BrokenBundle(
                    "column-type",
                    f"column {column.name!r}: {column.type} cannot be fed to a graph",
                )
        return _Plan(
            feed.input, dtype, feed.columns, columns, _direct(columns, dtype), tensor
        )

    def bind(self, frame: Frame, *, loose: bool = False) -> dict[str, Value]:
        """
        Graph inputs from a table.

        Args:
            frame: The request's table; unnamed columns by position.
            loose: Whether numbers may stand for texts (`inputs` and `instances`).

        Raises:
            SchemaMismatch: A required column is missing.
            BadRequest: A cell does not fit its column's type.
        """
        if self.signature.tensors:
            return self.bind_tensors(self._tensors_of(frame))
        self._require(frame)
        cache: dict[str, Any] = {}
        for name in self._unfed:
            self._typed(name, frame, cache, loose=loose)
        return {
            plan.input: self._fill(plan, frame, cache, loose) for plan in self._plans
        }

    def bind_tensors(self, tensors: dict[str, tuple[Any, Any]]) -> dict[str, Value]:
        """Graph inputs from enforced tensors: name to (shape, typed values)."""
        bound = {}
        for plan in self._plans:
            assert plan.tensor is not None
            shape, values = tensors[plan.tensor.name]
            try:
                data = buffer(cast(values, plan.dtype))
            except Misfit as misfit:
                raise BadRequest(
                    f"Invalid input. Input '{plan.tensor.name}' holds {misfit}, "
                    f"which the model cannot take as {plan.dtype}."
                ) from None
            bound[plan.input] = Value(plan.dtype, shape, data)
        return bound

    def read_tensors(self, named: dict[str, Any]) -> dict[str, Value]:
        """Graph inputs from nested lists, by tensor name."""
        wanted = self.signature.tensors
        missing_names([tensor.name for tensor in wanted], named)
        return self.bind_tensors(
            {tensor.name: enforce(named[tensor.name], tensor) for tensor in wanted}
        )

    def whole(self, dtype: str) -> str:
        """The one graph input that takes all values of *dtype* as they are, if any."""
        if len(self._plans) != 1 or dtype not in _DIRECT:
            return ""
        plan = self._plans[0]
        if plan.tensor is not None:
            same = plan.tensor.dtype == dtype
            alike = same or plan.tensor.dtype == "float64"
        else:
            in_order = plan.names == tuple(self.columns)
            alike = in_order and plan.code == _DIRECT[dtype]
        return plan.input if alike and plan.dtype == dtype else ""

    def _tensors_of(self, frame: Frame) -> dict[str, tuple[Any, Any]]:
        wanted = self.signature.tensors
        if wanted[0].name:
            names = frame.names
            missing_names([tensor.name for tensor in wanted], names)
            return {
                tensor.name: from_column(frame.column(tensor.name) or [], tensor)
                for tensor in wanted
            }
        return {"": from_columns(frame, wanted[0])}

    def _require(self, frame: Frame) -> None:
        if self.unnamed:
            given = len(frame.names)
            if given < len(self.columns):
                raise SchemaMismatch(
                    "Model inference is missing inputs. The model signature declares "
                    f"{len(self.columns)} inputs  but the provided value only has "
                    f"{given} inputs. Note: the inputs were not named in the signature "
                    "so we can only verify their count."
                )
            return
        missing_names(self._required, frame.names, self.columns)

    def _fill(
        self,
        plan: _Plan,
        frame: Frame,
        cache: dict[str, Any],
        loose: bool,  # noqa: FBT001
    ) -> Value:
        shape = (frame.count, len(plan.names))
        if plan.code:
            form = f"{shape[0] * shape[1]}{plan.code}"
            data = _packed(form, frame, plan.names) or _filled(form, frame, plan.names)
            if data is not None:
                return Value(plan.dtype, shape, data)
        sides = []
        for name in plan.names:
            values = self._typed(name, frame, cache, loose=loose)
            try:
                sides.append(cast(values, plan.dtype))
            except Misfit as misfit:
                raise _misfit(name, self.columns[name].type, misfit) from None
        return Value(plan.dtype, shape, buffer(side_by_side(sides)))

    def _typed(
        self, name: str, frame: Frame, cache: dict[str, Any], *, loose: bool
    ) -> Any:
        if name not in cache:
            column = self.columns[name]
            cells = frame.column(name)
            try:
                cache[name] = _read(column, cells, frame.count, loose=loose)
            except Misfit as misfit:
                raise _misfit(name, column.type, misfit) from None
        return cache[name]


def _packed(form: str, frame: Frame, names: tuple[str, ...]) -> bytes | None:
    """All cells at once; None if one is no number, or has no key."""
    try:
        return struct.pack(form, *frame.cells(names))
    except (struct.error, KeyError, TypeError, OverflowError):
        return None


def _filled(form: str, frame: Frame, names: tuple[str, ...]) -> bytes | None:
    """All cells at once, nulls as NaN; None if one is something else again."""
    try:
        cells = [NAN if cell is None else cell for cell in frame.cells(names)]
        return struct.pack(form, *cells)
    except (struct.error, KeyError, TypeError, OverflowError):
        return None


def missing_names(
    required: Sequence[str], given: Sequence[Any] | dict[str, Any], known: Any = ()
) -> None:
    """Raise SchemaMismatch, in MLflow's words, if a required name is not given."""
    present = set(given)
    missing = [name for name in required if name not in present]
    if not missing:
        return
    message = f"Model is missing inputs {missing[:_SHOWN]}."
    extra = [name for name in given if name not in required and name not in known]
    if extra:
        shown = [name[:64] if isinstance(name, str) else name for name in extra]
        message += f" Note that there were extra inputs: {shown[:_SHOWN]}."
    raise SchemaMismatch(message)


def _signature(manifest: Manifest) -> Signature:
    """The model's signature; without one, the graph's inputs are it."""
    signature = manifest.signature
    if signature.columns or signature.tensors:
        return signature
    return Signature(tensors=manifest.inputs, params=signature.params)


def _tensor_name(feed: Feed, tensors: dict[str, Tensor]) -> str:
    if feed.tensor is not None:
        return feed.tensor
    return feed.input if feed.input in tensors else ""


def _direct(columns: Sequence[Column], dtype: str) -> str:
    """The `struct` code that packs these columns' cells unchanged, if there is one."""
    wide = {"double"} if dtype == "float64" else {"double", "float"}
    if columns and all(column.type in wide for column in columns):
        return _DIRECT.get(dtype, "")
    return ""


def _read(column: Column, cells: Any, count: int, *, loose: bool) -> Any:
    optional = not column.required
    if cells is None:
        cells, optional = [None] * count, True
    if column.type == "datetime":
        return moments(cells)
    if column.type == "binary":
        return _binary(cells, optional=optional, encoded=not loose)
    if column.type not in _NUMPY and column.type != "string":
        return cells
    return typed(cells, column.type, optional=optional, loose=loose)


def _binary(cells: Sequence[Any], *, optional: bool, encoded: bool) -> list[str]:
    """Bytes as text, one character (U+0000 to U+00FF) a byte: all a graph can hold."""

    def read(cell: Any) -> str:
        if cell is None and optional:
            return NULL_TEXT
        if not isinstance(cell, str) or not cell.isascii():
            raise Misfit(
                kind(cell) if not isinstance(cell, str) else "other than ASCII"
            )
        if not encoded:
            return cell
        try:
            return a2b_base64(cell.encode()).decode("latin-1")
        except Base64Error:
            raise Misfit("a text that is not base64") from None

    return each(cells, read)


def _misfit(name: str, type_: str, misfit: Misfit) -> BadRequest:
    where = "It" if misfit.row is None else f"Row {misfit.row}"
    return BadRequest(
        "Invalid input. Data is not compatible with model signature. Failed to convert "
        f"column {name} to type '{_NUMPY.get(type_, type_)}'. {where} holds {misfit}."
    )
