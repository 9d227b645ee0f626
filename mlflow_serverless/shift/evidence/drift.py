"""Do the candidate's predictions have another distribution than the baseline's?"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scipy import special

Counts = Mapping[str, int]

_RARE = 1e-6
"""Chance that a stability index as large comes of chance alone, for it to count."""

_SMALLEST = 5.0
"""Expected rows below which a label is put together with the other rare ones."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far two distributions of predictions lie apart."""

    index: float
    """Population stability index [1]: below 0.1 steady, from 0.25 on another one."""
    chance: float
    """An index that chance alone gives once in a million times."""
    moved: str
    """The label whose share changed most."""
    was: float
    is_: float


def drifted(pairs: Iterable[tuple[Counts | None, Counts | None]]) -> Drift | None:
    """
    Compare predictions as if the baseline's rows had come when the candidate's did.

    Args:
        pairs: Rows by label of candidate and baseline in each cell.

    Returns:
        The distance; None if there is nothing to compare.
    """
    seen, expected, heard = _standardised(pairs)
    total = sum(seen.values())
    if not total or len(seen.keys() | expected.keys()) < 2:
        return None
    labels = _together(seen, expected)
    if len(labels) < 2:
        return None
    shares = {
        name: ((a + 0.5) / (total + 0.5 * len(labels)),
               (b + 0.5) / (total + 0.5 * len(labels)))
        for name, (a, b) in labels.items()
    }  # fmt: skip
    index = sum((a - b) * math.log(a / b) for a, b in shares.values())
    scale = 1 / total + 1 / heard
    chance = float(special.chdtri(len(labels) - 1, _RARE)) * scale
    moved = max(shares, key=lambda name: abs(shares[name][0] - shares[name][1]))
    return Drift(index, chance, moved, shares[moved][1], shares[moved][0])


def _standardised(
    pairs: Iterable[tuple[Counts | None, Counts | None]],
) -> tuple[dict[str, float], dict[str, float], float]:
    """The candidate's rows, the baseline's weighted alike, and the latter's worth."""
    seen: dict[str, float] = {}
    expected: dict[str, float] = {}
    squares = 0.0
    for ours, theirs in pairs:
        n, m = sum((ours or {}).values()), sum((theirs or {}).values())
        if not (ours and theirs and n and m):
            continue
        squares += n * n / m
        for label, count in ours.items():
            seen[label] = seen.get(label, 0.0) + count
        for label, count in theirs.items():
            expected[label] = expected.get(label, 0.0) + count * n / m
    total = sum(seen.values())
    return seen, expected, total**2 / squares if squares else 0.0


def _together(
    seen: Mapping[str, float], expected: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Both counts by label; labels that are rare in both are one."""
    found: dict[str, tuple[float, float]] = {}
    rest = (0.0, 0.0)
    for label in sorted(seen.keys() | expected.keys()):
        a, b = seen.get(label, 0.0), expected.get(label, 0.0)
        if a + b < 2 * _SMALLEST:
            rest = (rest[0] + a, rest[1] + b)
        else:
            found[label] = (a, b)
    if sum(rest) > 0:
        found["(rare)"] = rest
    return found
