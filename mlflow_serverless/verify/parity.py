"""Comparing answers; pure.

Scores agree within `atol + rtol * |native|`, NaN equals NaN, and infinities must be
the same. Labels agree when equal; a difference is a tie only if the model's own margin
is within the band, and a flip otherwise.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlflow_serverless.verify.labels import any_by_row, compare_labels, equal
from mlflow_serverless.verify.outputs import Outputs, kind_of
from mlflow_serverless.verify.scores import compare_scores
from mlflow_serverless.verify.stats import OutputStats, Tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All outputs over one group."""

    outputs: tuple[OutputStats, ...] = ()
    fault: str = ""
    """Why nothing could be compared: names, shapes or types differ."""

    @property
    def flips(self) -> int:
        """Labels wrong outside the tie band."""
        return sum(item.flips for item in self.outputs)

    @property
    def beyond(self) -> int:
        """Rows with scores beyond the tolerance."""
        return sum(item.beyond for item in self.outputs)

    @property
    def ties(self) -> int:
        """Labels that differ within the tie band."""
        return sum(item.ties for item in self.outputs)


def compare(
    native: Outputs,
    candidate: Outputs,
    tolerance: Tolerance,
    margins: NDArray[np.float64] | None = None,
    labels: frozenset[str] = frozenset(),
) -> Comparison:
    """
    Hold *candidate* to *native*.

    Args:
        native: What the model said.
        candidate: What the graph said to the same rows.
        tolerance: How far scores may be off.
        margins: The model's distance to another label, where known; `(rows,)` or
            `(rows, outputs)`.
        labels: Outputs whose numbers are labels although they are floats.
    """
    if fault := _structure(native, candidate):
        return Comparison(fault=fault)
    return Comparison(
        outputs=tuple(
            _output(
                name,
                (expected, candidate.arrays[name]),
                tolerance,
                margins,
                labelled=name in labels,
            )
            for name, expected in native.arrays.items()
        )
    )


def _structure(native: Outputs, candidate: Outputs) -> str:
    """The first way in which the answers cannot even be laid side by side."""
    if native.form != candidate.form:
        return f"the model answers a {native.form}, the graph a {candidate.form}"
    if list(native.arrays) != list(candidate.arrays):
        return (
            f"the model's outputs are {list(native.arrays)}, "
            f"the graph's {list(candidate.arrays)}"
        )
    for name, expected in native.arrays.items():
        if fault := _difference(expected, candidate.arrays[name]):
            return f"output {name!r}: {fault}" if name else fault
    return ""


def _difference(expected: NDArray[Any], actual: NDArray[Any]) -> str:
    if expected.shape[:1] == actual.shape[:1] == (0,):
        return ""  # no rows are no rows, however many columns they do not have
    if expected.shape != actual.shape:
        return f"the model answers shape {expected.shape}, the graph {actual.shape}"
    ours, theirs = kind_of(expected), kind_of(actual)
    if expected.size and ours != theirs:
        return f"the model answers {ours}s ({expected.dtype}), the graph {theirs}s"
    return ""


def _output(
    name: str,
    pair: tuple[NDArray[Any], NDArray[Any]],
    tolerance: Tolerance,
    margins: NDArray[np.float64] | None,
    *,
    labelled: bool,
) -> OutputStats:
    if pair[0].shape[:1] == (0,):
        pair = (pair[0], pair[0])
    if kind_of(pair[0]) == "score" and not labelled:
        return compare_scores(name, *pair, tolerance)
    return compare_labels(name, *pair, tolerance, margins)


def differing_rows(
    native: Outputs, candidate: Outputs, labels: frozenset[str]
) -> NDArray[np.intp]:
    """Rows in which some label differs; none if the answers cannot be compared."""
    if _structure(native, candidate):
        return np.empty(0, np.intp)
    marks = np.zeros(native.rows, bool)
    for name, expected in native.arrays.items():
        if expected.size and (kind_of(expected) != "score" or name in labels):
            marks |= any_by_row(~equal(expected, candidate.arrays[name]))
    return np.flatnonzero(marks)
