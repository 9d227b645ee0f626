"""An enforced request to the graph's inputs.

The signature's columns or tensors are read by `coerce`, one feed at a time, and laid
out as its `Feed` says. Unnamed columns are known by their position, "0", "1", ...
"""

from __future__ import annotations

from lambda_runtime.faults import BadRequest, BrokenBundle, SchemaMismatch
from lambda_runtime.manifest import NULL_TEXT, Column, Feed, Signature, Tensor
from lambda_runtime.protocol.cast import buffer, cast, side_by_side
from lambda_runtime.protocol.coerce import Misfit
from lambda_runtime.protocol.columns import (
    NUMPY,
    Reading,
    checks_for,
    missing_names,
)
from lambda_runtime.record import NamedTuple
from lambda_runtime.tensor import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lambda_runtime.manifest import Manifest
    from lambda_runtime.protocol.columns import Check
    from lambda_runtime.protocol.frames import Frame
    from lambda_runtime.protocol.gaps import Guard

_DIRECT = {"float64": "d", "float32": "f", "float16": "e"}
"""Element types a whole block of doubles is packed into at once."""

_FEW = 8
"""Rows up to which looking at every cell beats reading column by column."""


class Plan(NamedTuple):
    """One feed, looked up once."""

    input: str
    dtype: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    code: str
    """`struct` code if cells can be packed as they come; else empty."""
    checks: tuple[Check, ...]
    """What a clean cell of each column is, if all columns are numeric; else empty."""
    texts: bool
    """Whether all columns are texts, and so is the input."""
    tensor: Tensor | None
    null: str
    """What null is inside a text input; the model's pandas decides."""

    def told(self, data: Any) -> Any:
        """
        *data* with its nulls as this input knows them.

        A column of nulls alone is None whatever the pandas: it finds no text there, so
        it makes objects, not texts.
        """
        if self.dtype != "string" or self.null == NULL_TEXT or NULL_TEXT not in data:
            return data
        told, width = list(data), max(len(self.names), 1)
        for at in range(width):
            cells = told[at::width]
            if any(text != NULL_TEXT for text in cells):
                told[at::width] = [self.null if t == NULL_TEXT else t for t in cells]
        return told


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
        self.plans = [self._plan(feed, manifest.inputs) for feed in manifest.feeds]
        fed = {name for plan in self.plans for name in plan.names}
        self.unfed = [name for name in self.columns if name not in fed]
        self.guards: tuple[Guard, ...] = ()
        self._kept: Sequence[str] = ()
        if manifest.refusals:
            from lambda_runtime.protocol import gaps  # noqa: PLC0415 - if any

            self.guards = gaps.guards_for(self.plans, manifest.refusals)
            self._kept = gaps.kept(manifest.refusals, self.columns)
            self._require_kept = gaps.require
            self._check = gaps.check

    def _plan(self, feed: Feed, inputs: Sequence[Tensor]) -> Plan:
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
            if column.type not in NUMPY and column.type != "string":
                raise BrokenBundle(
                    "column-type",
                    f"column {column.name!r}: {column.type} cannot be fed to a graph",
                )
        code = _direct(columns, dtype)
        checks = () if code else checks_for(columns, dtype)
        texts = dtype == "string" and {column.type for column in columns} == {dtype}
        return Plan(
            feed.input, dtype, feed.columns, columns, code, checks, texts, tensor,
            feed.null,
        )  # fmt: skip

    def bind(self, frame: Frame, *, loose: bool = False) -> dict[str, Value]:
        """
        Graph inputs from a table.

        Args:
            frame: The request's table; unnamed columns by position.
            loose: Whether numbers may stand for texts (`inputs` and `instances`).

        Raises:
            SchemaMismatch: A required column is missing.
            BadRequest: A cell does not fit its column's type, or the model refuses it.
        """
        if self.signature.tensors:
            return self.bind_tensors(self._tensors_of(frame))
        self._require(frame)
        reading = Reading(self.columns, frame, loose=loose)
        for name in self.unfed:
            reading.typed(name)
        return self.checked(
            {plan.input: self._fill(plan, reading) for plan in self.plans}
        )

    def checked(self, bound: dict[str, Value]) -> dict[str, Value]:
        """*bound* as it is; BadRequest if it holds what the model itself refuses."""
        return self._check(self.guards, bound) if self.guards else bound

    def bind_tensors(self, tensors: dict[str, tuple[Any, Any]]) -> dict[str, Value]:
        """Graph inputs from enforced tensors: name to (shape, typed values)."""
        bound = {}
        for plan in self.plans:
            assert plan.tensor is not None
            shape, values = tensors[plan.tensor.name]
            try:
                data = plan.told(buffer(cast(values, plan.dtype)))
            except Misfit as misfit:
                raise BadRequest(
                    f"Invalid input. Input '{plan.tensor.name}' holds {misfit}, "
                    f"which the model cannot take as {plan.dtype}."
                ) from None
            bound[plan.input] = Value(plan.dtype, shape, data)
        return self.checked(bound)

    def read_tensors(self, named: dict[str, Any]) -> dict[str, Value]:
        """Graph inputs from nested lists, by tensor name."""
        from lambda_runtime.protocol.tensors import enforce  # noqa: PLC0415 - if used

        wanted = self.signature.tensors
        missing_names([tensor.name for tensor in wanted], named)
        return self.bind_tensors(
            {tensor.name: enforce(named[tensor.name], tensor) for tensor in wanted}
        )

    def whole(self, dtype: str) -> str:
        """The one graph input that takes all values of *dtype* as they are, if any."""
        if len(self.plans) != 1 or dtype not in _DIRECT:
            return ""
        plan = self.plans[0]
        if plan.tensor is not None:
            same = plan.tensor.dtype == dtype
            alike = same or plan.tensor.dtype == "float64"
        else:
            in_order = plan.names == tuple(self.columns)
            alike = in_order and plan.code == _DIRECT[dtype]
        return plan.input if alike and plan.dtype == dtype else ""

    def _tensors_of(self, frame: Frame) -> dict[str, tuple[Any, Any]]:
        from lambda_runtime.protocol import tensors  # noqa: PLC0415 - if used

        wanted = self.signature.tensors
        if not wanted[0].name:
            return {"": tensors.from_columns(frame, wanted[0])}
        missing_names([tensor.name for tensor in wanted], frame.names)
        return {
            tensor.name: tensors.from_column(frame.column(tensor.name) or [], tensor)
            for tensor in wanted
        }

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
        if not frame.has(self._required):
            missing_names(self._required, frame.names, self.columns)
        if self._kept and not frame.has(self._kept):
            self._require_kept(frame, self._kept)

    def _fill(self, plan: Plan, reading: Reading) -> Value:
        count, width = reading.frame.count, len(plan.names)
        packed: Any = None
        if plan.code:
            packed = reading.packed(plan.names, plan.code)
        elif plan.texts:
            packed = reading.texts(plan.names)
        elif plan.checks and count <= _FEW:
            packed = reading.checked(plan.names, plan.checks, _DIRECT[plan.dtype])
        if packed is None:
            sides = [reading.side(name, plan.dtype) for name in plan.names]
            packed = buffer(side_by_side(sides))
        return Value(plan.dtype, (count, width), plan.told(packed))


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
