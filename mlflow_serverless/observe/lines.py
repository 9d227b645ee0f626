"""One metric line as a value; tolerant of lines that are not ours.

| field | meaning |
|---|---|
| `_aws.Timestamp` | when it was written [ms since the epoch] |
| `FunctionVersion` | the version that ran |
| `Status` | of the answer; absent on lines that tell of no request |
| `HandleUs`, `Cold`, `InitMs` | time in our code; first of its process, and its start |
| `Failures`, `Refusals` | 1 if 5xx, 1 if 4xx |
| `Shadow` | 1 if it ran beside the answer that was served |
| `Compared`, `Disagreed` | rows of a shadow compared with those served; that differ |
| `ByClass` | of those, by served label: rows, and rows that differ |
| `Distance` | largest difference of a score to the one that was served |
| `Outputs` | rows by predicted label, or by bucket of the score |
| `Throttles` | requests that were turned away [since the last such line] |
| `MemoryUsedMB`, `MemoryMB` | most memory used so far, and the limit |
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one line says; None where it does not."""

    at: float
    """Seconds since the epoch."""
    version: str
    status: int | None = None
    took_us: float | None = None
    """Time in our code; with the start of the process, if it was the first [µs]."""
    cold: bool = False
    shadow: bool = False
    compared: int | None = None
    disagreed: int | None = None
    classes: Mapping[str, tuple[int, int]] | None = None
    """By served label: rows that were compared, and rows that differ."""
    distance: float | None = None
    outputs: Mapping[str, int] | None = None
    throttles: int | None = None
    memory_used: float | None = None
    """Most memory used, as part of the limit."""


def read(line: Mapping[str, object]) -> Line | None:
    """*line* as a value; None unless it says when, and which version."""
    aws = line.get("_aws")
    at = _number(aws.get("Timestamp")) if isinstance(aws, Mapping) else None
    version = line.get("FunctionVersion")
    if at is None or not isinstance(version, str) or not version:
        return None
    return Line(
        at=at / 1000,
        version=version,
        status=_count(line.get("Status")),
        took_us=_took(line),
        cold=line.get("Cold") is True,
        shadow=bool(_count(line.get("Shadow"))),
        compared=_count(line.get("Compared")),
        disagreed=_count(line.get("Disagreed")),
        classes=_classes(line.get("ByClass")),
        distance=_number(line.get("Distance")),
        outputs=_outputs(line.get("Outputs")),
        throttles=_count(line.get("Throttles")),
        memory_used=_memory(line),
    )


def _took(line: Mapping[str, object]) -> float | None:
    handle = _number(line.get("HandleUs"))
    if handle is None or line.get("Cold") is not True:
        return handle
    return handle + 1000 * (_number(line.get("InitMs")) or 0.0)


def _memory(line: Mapping[str, object]) -> float | None:
    used, limit = _number(line.get("MemoryUsedMB")), _number(line.get("MemoryMB"))
    return None if used is None or not limit else used / limit


def _outputs(value: object) -> Mapping[str, int] | None:
    if not isinstance(value, Mapping):
        return None
    counts = {str(key): _count(count) for key, count in value.items()}
    return {key: count for key, count in counts.items() if count}


def _classes(value: object) -> Mapping[str, tuple[int, int]] | None:
    if not isinstance(value, Mapping):
        return None
    found: dict[str, tuple[int, int]] = {}
    for label, pair in value.items():
        if isinstance(pair, list) and len(pair) == 2:
            rows, differ = map(_count, pair)
            if rows is not None and differ is not None:
                found[str(label)] = rows, differ
    return found or None


def _count(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _number(value: Any) -> float | None:
    """A finite number that is not below zero; anything else is missing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None
