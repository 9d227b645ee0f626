"""What a version predicts, counted: for telling whether its predictions drift."""

from __future__ import annotations

from lambda_runtime.shadow.rows import Unreadable, rows_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ROWS = 200
"""Most rows of one answer that are counted."""

BYTES = 256 * 1024
"""Longer answers are not read again for this."""

LABELS = 50
"""Most labels of one answer that are told apart."""

OTHER = "other"


def counted(answer: bytes, door: str) -> dict[str, int] | None:
    """
    Rows of *answer* by label, or by bucket of the score; None if it has no rows.

    A score within -1..1 is rounded to a twentieth, one beyond to one digit; of a row
    of several scores the place of the largest one counts (`#2`), as its label would.
    """
    if len(answer) > BYTES:
        return None
    try:
        rows = rows_of(answer, door)
    except Unreadable:
        return None
    counts: dict[str, int] = {}
    for row in rows[:ROWS]:
        name = _name(row)
        if name not in counts and len(counts) >= LABELS:
            name = OTHER
        counts[name] = counts.get(name, 0) + 1
    return counts or None


def _name(row: Any) -> str:
    if isinstance(row, float):
        return _bucket(row)
    if isinstance(row, dict):
        return _name(list(row.values()))
    if not isinstance(row, list):
        return "null" if row is None else str(row)[:64]
    if len(row) == 1:
        return _name(row[0])
    if row and all(isinstance(score, float) for score in row):
        return f"#{row.index(max(row))}"
    return _name(row[0]) if row else "empty"


def _bucket(score: float) -> str:
    if abs(score) > 1:
        return f"{score:.0e}"
    return f"{round(score * 20) / 20 + 0.0:.2f}"
