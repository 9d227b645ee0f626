"""What the model raises for: one missing, infinite, large or strange value at a time.

A graph has no way to refuse. So every column is asked of the model in a row that it
answers otherwise, with that one value in it. What it refuses whatever else it is given
is written into the manifest, and the runtime refuses it in the model's place. Values
that are only strange (unknown categories, numbers out of a range) are not: which are,
the graph itself has to find. Here the runtime is only held to it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambda_runtime.manifest import Refusal, Signature
from lambda_runtime.protocol.gaps import OPENING
from mlflow_serverless.verify.asked import Asked
from mlflow_serverless.verify.batch import Batch, is_gap, join, take
from mlflow_serverless.verify.native import Reference
from mlflow_serverless.verify.native import Refusal as Refused
from mlflow_serverless.verify.questions import (
    STRANGE,
    Probe,
    in_columns,
    in_tensors,
)


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
        kinds = in_columns(base, signature.columns)
    else:
        kinds = in_tensors(base)
    return tuple(found for kind in kinds for found in _settled(reference, kind))


def refusals_of(probes: Sequence[Probe], signature: Signature) -> tuple[Refusal, ...]:
    """What the manifest says of *probes*; all columns at once where it is all."""
    return tuple(
        item for item in summed(probes, signature) if item.value not in STRANGE
    )


def summed(probes: Sequence[Probe], signature: Signature) -> tuple[Refusal, ...]:
    """
    All that is refused, a kind at a time.

    What is refused with one sign only depends on what the model makes of it; that is
    for the graph to find.
    """
    every = [
        str(at) if column.name is None else column.name
        for at, column in enumerate(signature.columns)
    ] or [tensor.name for tensor in signature.tensors]
    answered = {
        (item.value, name)
        for item in probes
        if not item.refused and item.value not in STRANGE
        for name in item.of
    }
    found: dict[str, list[str]] = {}
    for item in probes:
        if item.refused:
            names = [name for name in item.of if (item.value, name) not in answered]
            found.setdefault(item.value, []).extend(names)
    return tuple(
        Refusal(value, () if {*names} == {*every} else tuple(dict.fromkeys(names)))
        for value, names in sorted(found.items())
        if names
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
