"""How far two answers to the same request lie apart; pure.

Labels (texts, integers, booleans) agree if they are equal; scores if they differ by
at most the tolerance, relative to the served score where that is beyond 1. A row
disagrees if any part of it does, or if its shape or a type in it is another.
"""

from __future__ import annotations

from lambda_runtime.record import NamedTuple
from lambda_runtime.shadow.rows import Unreadable, rows_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lambda_runtime.shadow.envelope import Pair

CLASSES = 20
"""Most served labels that are told apart; the rest count as `other`."""

OTHER = "other"
_FAILED_FROM = 400


class Comparison(NamedTuple):
    """What came of one pair of answers."""

    compared: int
    """Rows held against each other; 0 if there was nothing to compare."""
    disagreed: int
    """Rows that differ; all of them where only one of the two is an error."""
    distance: float
    """Largest difference of a score."""
    shape: bool
    """Whether both have the same rows, shapes and types."""
    classes: Mapping[str, tuple[int, int]]
    """By served label: rows, and rows that differ."""
    served_us: int
    """How long the served answer took to make [us]."""


def compare(
    pair: Pair, answer: bytes, status: int, *, door: str, tolerance: float
) -> Comparison:
    """
    Hold *answer* against the one that was served.

    Args:
        pair: What was asked and served.
        answer: The candidate's, in the same wrapping as the served one.
        status: The candidate's status.
        door: The wrapping; see `rows_of`.
        tolerance: Largest difference of a score that counts as agreement.
    """
    failed, failed_too = pair.status >= _FAILED_FROM, status >= _FAILED_FROM
    if failed and failed_too:
        return _whole(pair, compared=0, disagreed=0)
    if failed or failed_too:
        return _whole(pair, compared=1, disagreed=1)
    if answer == pair.served:
        return _same(pair, door)
    try:
        served, own = rows_of(pair.served, door), rows_of(answer, door)
    except Unreadable:
        return _whole(pair, compared=1, disagreed=1)
    if len(served) != len(own):
        rows = max(len(served), len(own))
        return _whole(pair, compared=rows, disagreed=rows)
    return _by_row(pair, served, own, tolerance)


def _by_row(
    pair: Pair, served: list[Any], own: list[Any], tolerance: float
) -> Comparison:
    disagreed, farthest, shape = 0, 0.0, True
    classes: dict[str, tuple[int, int]] = {}
    for there, here in zip(served, own, strict=True):
        distance = apart(there, here)
        shape = shape and distance is not None
        differs = distance is None or distance > tolerance
        farthest = max(farthest, distance if distance not in {None, _NEVER} else 0.0)
        disagreed += differs
        _count(classes, there, differs=differs)
    return Comparison(len(served), disagreed, farthest, shape, classes, pair.took_us)


_NEVER = float("inf")
"""How far apart two labels are that differ."""


def apart(served: Any, own: Any) -> float | None:
    """
    The distance of two rows, cells or whole trees of them; None if of other shapes.

    Labels are 0 or infinitely far apart; of scores, the largest distance counts.
    """
    if isinstance(served, float) or isinstance(own, float):
        return _scores_apart(served, own)
    if type(served) is not type(own):
        return None
    if isinstance(served, dict):
        same = served.keys() == own.keys()
        parts = [(served[key], own[key]) for key in served] if same else None
        return _farthest(parts)
    if isinstance(served, list):
        same = len(served) == len(own)
        return _farthest(list(zip(served, own, strict=True)) if same else None)
    return 0.0 if served == own else _NEVER


def _farthest(pairs: list[tuple[Any, Any]] | None) -> float | None:
    """The largest distance of *pairs*; None if there are none to be made of them."""
    if pairs is None:
        return None
    distances = [apart(served, own) for served, own in pairs]
    known = [distance for distance in distances if distance is not None]
    return max(known, default=0.0) if len(known) == len(distances) else None


def _scores_apart(served: Any, own: Any) -> float | None:
    """Of two numbers; null is a score that is missing, and only like another null."""
    if served is None or own is None:
        return _NEVER
    for value in (served, own):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
    if served == own:  # infinities, too
        return 0.0
    return abs(float(own) - float(served)) / max(1.0, abs(float(served)))


def _same(pair: Pair, door: str) -> Comparison:
    classes: dict[str, tuple[int, int]] = {}
    try:
        rows = rows_of(pair.served, door)
    except Unreadable:
        return _whole(pair, compared=1, disagreed=0)
    for row in rows:
        _count(classes, row, differs=False)
    return Comparison(
        len(rows), 0, 0.0, shape=True, classes=classes, served_us=pair.took_us
    )


def _whole(pair: Pair, *, compared: int, disagreed: int) -> Comparison:
    """Of answers that are told apart only as a whole."""
    return Comparison(compared, disagreed, 0.0, not disagreed, {}, pair.took_us)


def _count(classes: dict[str, tuple[int, int]], row: Any, *, differs: bool) -> None:
    if isinstance(row, float | list | dict) or row is None:
        return
    label = str(row)[:64]
    if label not in classes and len(classes) >= CLASSES:
        label = OTHER
    rows, apart_ = classes.get(label, (0, 0))
    classes[label] = (rows + 1, apart_ + differs)
