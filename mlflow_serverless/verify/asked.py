"""Asking the model, and finding out which rows it refuses."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlflow_serverless.verify.batch import Batch, rows_of, take
from mlflow_serverless.verify.native import Reference, Refusal
from mlflow_serverless.verify.outputs import Outputs, join_outputs
from mlflow_serverless.verify.samples import Group

CALLS = 200
"""Most calls spent on finding the rows of one group that the model refuses."""

HOPELESS = 24
"""Rows refused one by one, with none answered, after which the rest is not asked."""


ENOUGH = 12
"""Rows asked alone of those that will most likely be refused; if all are, no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One group, with the model's answers."""

    group: Group
    batch: Batch
    """The rows that were answered."""
    native: Outputs | None
    """Their answers; None if there are none."""
    refused: int = 0
    unasked: int = 0
    """Rows left out: calls for finding refusals ran out, or others like them were
    refused."""
    reasons: tuple[str, ...] = ()
    """Why rows were refused, each reason once."""
    spurned: tuple[tuple[int, str], ...] = ()
    """Rows of `group` that were refused when asked alone, and why."""

    @property
    def rows(self) -> int:
        """Rows that can be compared."""
        return 0 if self.native is None else rows_of(self.batch)


@dataclass(slots=True)
class _Search:
    """Halving: rows are asked together, and apart only where together fails."""

    reference: Reference
    group: Group
    calls: int = CALLS
    answered: bool = False
    spurned: list[tuple[int, str]] = field(default_factory=list)
    """Rows asked alone and refused, and why."""
    reasons: dict[str, None] = field(default_factory=dict)
    unasked: int = 0

    def parts(
        self, suspect: NDArray[np.bool_]
    ) -> Iterator[tuple[NDArray[np.intp], Outputs]]:
        rows = np.flatnonzero(~suspect)
        size = self.group.chunk or max(len(rows), 1)
        for start in range(0, max(len(rows), 1), size):
            if len(rows) or not suspect.any():
                yield from self._ask(rows[start : start + size])
        yield from self._suspects(np.flatnonzero(suspect))

    def _suspects(
        self, rows: NDArray[np.intp]
    ) -> Iterator[tuple[NDArray[np.intp], Outputs]]:
        """A few of *rows* alone; the rest only if one of those was answered."""
        first = np.unique(np.linspace(0, len(rows) - 1, min(ENOUGH, len(rows))))
        chosen = np.isin(np.arange(len(rows)), first.astype(np.intp))
        found = [part for row in rows[chosen] for part in self._ask(np.array([row]))]
        yield from found
        rest = rows[~chosen]
        if not found:
            self.unasked += len(rest)
        elif self.group.chunk == 1:
            for row in rest:
                yield from self._ask(np.array([row]))
        elif len(rest):
            yield from self._ask(rest)

    def _ask(
        self, rows: NDArray[np.intp]
    ) -> Iterator[tuple[NDArray[np.intp], Outputs]]:
        if self.calls <= 0 or (len(self.spurned) >= HOPELESS and not self.answered):
            self.unasked += len(rows)
            return
        self.calls -= 1
        found = self.reference.predict(take(self.group.batch, rows))
        if not isinstance(found, Refusal):
            self.answered = True
            yield rows, found
        elif len(rows) < 2:
            self.spurned.extend((int(row), found.reason) for row in rows)
            self.reasons.setdefault(found.reason)
        else:
            middle = len(rows) // 2
            yield from self._ask(rows[:middle])
            yield from self._ask(rows[middle:])


def ask(
    reference: Reference, group: Group, suspect: NDArray[np.bool_] | None = None
) -> Asked:
    """
    The model's answers to *group*; rows it refuses are counted, with reasons.

    Args:
        reference: The model.
        group: Rows.
        suspect: Those that it will most likely refuse; few of them are asked.
    """
    search = _Search(reference, group)
    total = rows_of(group.batch)
    parts = list(search.parts(np.zeros(total, bool) if suspect is None else suspect))
    if not parts:
        return Asked(
            group=group,
            batch=take(group.batch, np.arange(0)),
            native=None,
            refused=total - search.unasked,
            unasked=search.unasked,
            reasons=tuple(search.reasons),
            spurned=tuple(search.spurned),
        )
    kept = np.concatenate([rows for rows, _ in parts])
    batch = group.batch if len(kept) == total else take(group.batch, kept)
    return Asked(
        group=group,
        batch=batch,
        native=join_outputs([found for _, found in parts]),
        refused=total - len(kept) - search.unasked,
        unasked=search.unasked,
        reasons=tuple(search.reasons),
        spurned=tuple(search.spurned),
    )
