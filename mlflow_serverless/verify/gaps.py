"""What the model raises for: one missing, infinite or too large value at a time.

A graph has no way to refuse. So every column is asked of the model in a row that it
answers otherwise, with that one value in it; what it refuses is written into the
manifest, and the runtime refuses it in the model's place.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambda_runtime.manifest import Column, Refusal, Signature
from lambda_runtime.protocol.gaps import OPENING
from mlflow_serverless.verify.asked import Asked
from mlflow_serverless.verify.batch import Batch, is_gap, join, null_is_nan, take
from mlflow_serverless.verify.native import Reference
from mlflow_serverless.verify.native import Refusal as Refused
from mlflow_serverless.verify.samples.columns import FLOATS, INTEGERS, key_of
from mlflow_serverless.verify.samples.layout import WIDEST

BLOCKS = 128
"""Calls spent on one kind of value: wider tables are asked several columns at once, and
a block of which one column refuses is refused."""

TOO_LARGE = 1e39
"""Beyond float32, to which trees cast what they are given."""

ELEMENTS = 64
"""Elements of a tensor that are asked; a value is refused in all of it, or nowhere."""

FEW = 2
"""As `ELEMENTS`, of tensors too wide to be asked so often: images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One kind of value in some columns, and what the model made of it."""

    value: str
    """As `lambda_runtime.manifest.Refusal` has it."""
    of: tuple[str, ...]
    """Columns or tensors, each in rows of its own."""
    batch: Batch
    reason: str = ""
    """The model's words, if it refuses."""

    @property
    def refused(self) -> bool:
        """Whether the model raises."""
        return bool(self.reason)


def probe(
    reference: Reference, asked: Sequence[Asked], signature: Signature
) -> tuple[Probe, ...]:
    """
    Ask *reference* for what it takes no values of.

    Args:
        reference: The model.
        asked: What it answered: one of those rows is asked again, spoilt.
        signature: Its columns or tensors.

    Returns:
        Every question that was asked alone, and its answer; none if no row without
        gaps was answered, for then a refusal would say nothing.
    """
    base = _plain_row(asked, signature)
    if base is None or _refusal(reference, _repeated(base)):
        return ()
    if isinstance(base, pd.DataFrame):
        kinds = _in_columns(base, signature.columns)
    else:
        kinds = _in_tensors(base)
    return tuple(found for kind in kinds for found in _settled(reference, kind))


def refusals_of(probes: Sequence[Probe], signature: Signature) -> tuple[Refusal, ...]:
    """What the manifest says of *probes*; all columns at once where it is all."""
    every = [
        str(at) if column.name is None else column.name
        for at, column in enumerate(signature.columns)
    ] or [tensor.name for tensor in signature.tensors]
    found: dict[str, list[str]] = {}
    for item in probes:
        if item.refused:
            found.setdefault(item.value, []).extend(item.of)
    return tuple(
        Refusal(value, () if {*names} == {*every} else tuple(dict.fromkeys(names)))
        for value, names in sorted(found.items())
    )


def _settled(reference: Reference, alone: Sequence[Probe]) -> Iterator[Probe]:
    """All asked together; only if that is refused, each alone."""
    together = _together(alone)
    if together is not None and not _refusal(reference, together):
        yield from alone
        return
    for item in alone:
        yield replace(item, reason=_refusal(reference, item.batch))


def _refusal(reference: Reference, batch: Batch) -> str:
    """The model's words if it refuses *batch*; empty if it answers."""
    found = reference.predict(batch)
    return found.reason if isinstance(found, Refused) else ""


def _together(alone: Sequence[Probe]) -> Batch | None:
    """Rows of all of *alone*; None where a row alone is another than among others."""
    if len(alone) < 2 or alone[0].value in {"null", "absent"}:
        return None
    return join([item.batch for item in alone])


def _plain_row(asked: Sequence[Asked], signature: Signature) -> Batch | None:
    """A row that the model answered, of all columns, with nothing missing in it."""
    for item in asked:
        if item.rows and not item.group.left_out and _is_whole(item.batch, signature):
            for row in range(min(item.rows, 50)):
                one = take(item.batch, np.array([row]))
                if not any(map(_has_gap, _arrays(one))):
                    return one
    return None


def _is_whole(batch: Batch, signature: Signature) -> bool:
    return not isinstance(batch, pd.DataFrame) or len(batch.columns) == len(
        signature.columns
    )


def _repeated(base: Batch) -> Batch:
    """The row twice: whoever takes one row only cannot be asked this way."""
    return take(base, np.zeros(2, np.intp))


def _arrays(batch: Batch) -> Iterator[NDArray[Any]]:
    if isinstance(batch, pd.DataFrame):
        yield from (batch[name].to_numpy() for name in batch.columns)
    else:
        yield from batch.values()


def _has_gap(array: NDArray[Any]) -> bool:
    if array.dtype.kind == "f":
        return not np.isfinite(array).all()
    return array.dtype == object and any(map(is_gap, array.ravel()))


def _in_columns(base: pd.DataFrame, columns: Sequence[Column]) -> Iterator[list[Probe]]:
    """Questions about a table, a kind of value at a time."""
    named = [(key_of(c, i), str(key_of(c, i)), c) for i, c in enumerate(columns)]
    floats = [(key, name) for key, name, c in named if c.type in FLOATS]
    doubles = [(key, name) for key, name, c in named if c.type == "double"]
    texts = [(key, name) for key, name, c in named if c.type == "string"]
    gappy = [(k, n) for k, n, c in named if not c.required and c.type in INTEGERS]
    unsure = [(k, n) for k, n, c in named if not c.required and c.type == "boolean"]
    nan, inf = float("nan"), math.inf
    yield _blocks(base, "missing", floats, (nan,))
    yield _blocks(base, "infinite", floats, (inf, -inf))
    yield _blocks(base, "large", doubles, (TOO_LARGE, -TOO_LARGE))
    yield _blocks(base, "missing", gappy, (nan,))
    yield _blocks(base, "missing", unsure, (None,))
    yield _blocks(base, "missing", texts, (nan,), beside=True)
    yield _blocks(base, "null", texts, (None,), beside=not null_is_nan())
    optional = [(k, n) for k, n, c in named if not c.required and c.name is not None]
    yield [
        Probe(value="absent", of=(name,), batch=base.drop(columns=[key]))
        for key, name in optional[:BLOCKS]
    ]


def _blocks(
    base: pd.DataFrame,
    value: str,
    columns: Sequence[tuple[Any, str]],
    cells: Sequence[Any],
    *,
    beside: bool = False,
) -> list[Probe]:
    """
    Rows like *base* with one of *cells* in one of *columns* each.

    Args:
        base: One row.
        value: What *cells* are.
        columns: Key and name of each.
        cells: What is put in, one a row.
        beside: Whether a whole row is asked beside: pandas reads a null among texts
            otherwise than a null alone.
    """
    size = math.ceil(len(columns) / BLOCKS) or 1
    made = []
    for start in range(0, len(columns), size):
        block = columns[start : start + size]
        slots = [(key, cell) for key, _ in block for cell in cells]
        batch = _table(base, slots, int(beside))
        names = tuple(name for _, name in block)
        made.append(Probe(value=value, of=names, batch=batch))
    return made


def _table(
    base: pd.DataFrame, slots: Sequence[tuple[Any, Any]], plain: int
) -> pd.DataFrame:
    """*plain* rows as *base*, and one for each of *slots*: a cell in a column."""
    rows = base.iloc[np.zeros(plain + len(slots), np.intp)].reset_index(drop=True)
    for row, (key, cell) in enumerate(slots, start=plain):
        values = rows[key].to_numpy()
        if values.dtype.kind != "f":  # a gap makes floats of integers
            whole = values.dtype.kind in "iu"
            values = values.astype(np.float64 if whole else object)
        values = values.copy()
        values[row] = cell
        rows[key] = pd.Series(values, dtype=values.dtype)
    return rows


def _in_tensors(base: dict[str, NDArray[Any]]) -> Iterator[list[Probe]]:
    """Questions about tensors, a kind of value at a time."""
    nan, inf = float("nan"), math.inf
    floats = [name for name, array in base.items() if array.dtype.kind == "f"]
    doubles = [name for name in floats if base[name].dtype.itemsize == 8]
    texts = [name for name, array in base.items() if array.dtype == object]
    kinds: tuple[tuple[str, list[str], tuple[Any, ...]], ...] = (
        ("missing", floats, (nan,)),
        ("infinite", floats, (inf, -inf)),
        ("large", doubles, (TOO_LARGE, -TOO_LARGE)),
        ("null", texts, (None,)),
    )
    for value, names, cells in kinds:
        yield [
            Probe(value=value, of=(name,), batch=_spoilt(base, name, cells))
            for name in names
            if base[name].size
        ]


def _spoilt(
    base: dict[str, NDArray[Any]], name: str, cells: Sequence[Any]
) -> dict[str, NDArray[Any]]:
    """Rows like *base* with one of *cells* in one element of tensor *name* each."""
    size = base[name].size
    most = min(size, ELEMENTS if size <= WIDEST else FEW)
    places = np.unique(np.linspace(0, size - 1, most).astype(np.intp))
    slots = [(place, cell) for place in places for cell in cells]
    made = {key: np.repeat(array, len(slots), axis=0) for key, array in base.items()}
    flat = made[name].reshape(len(slots), size)
    for row, (place, cell) in enumerate(slots):
        flat[row, place] = cell
    return made


def unlike(
    probes: Sequence[Probe], most: int, say: Callable[[Batch], tuple[int, str]]
) -> Iterator[str]:
    """
    Where the runtime refuses what the model answers, or the other way, a line each.

    Args:
        probes: What the model was asked.
        most: Questions asked again at most, of all kinds.
        say: What the runtime answers to a batch: status and message.
    """
    chosen = np.linspace(0, len(probes) - 1, min(most, len(probes))).astype(np.intp)
    for item in (probes[at] for at in chosen):
        status, message = say(item.batch)
        what = f"{item.value} in {', '.join(map(repr, item.of[:4]))}"
        if item.refused and not 400 <= status < 500:
            yield (
                f"{what}: the model refuses it ({item.reason}), the runtime says "
                f"{status} {message}".rstrip()
            )
        elif not item.refused and item.value != "large" and OPENING in message:
            yield f"{what}: the model answers it, the runtime does not: {message}"
