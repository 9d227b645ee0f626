"""What was seen and said at each look, kept beside the alias, for reports and speed.

The alias says where a rollout stands, and the metric lines are the truth of what
happened. What is kept here can be lost: the next look reads the lines again, and a
report then begins with it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from mlflow_serverless.observe import Cell, Histogram, Seen
from mlflow_serverless.shift.verdict import Finding, Result
from mlflow_serverless.store import write_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look, as it is remembered."""

    at: float
    """Seconds since the epoch."""
    state: str
    share: float
    """The candidate's part of the traffic after the look [0..1]."""
    verdict: str
    """`healthy`, `unhealthy` or `inconclusive`."""
    why: str
    """The verdict's reason."""
    move: str
    """`advance`, `promote`, `hold`, `rollback`, `confirm` or `finish`."""
    reason: str
    """The move's reason."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """All that is remembered of one rollout."""

    cells: tuple[Cell, ...] = ()
    until: float = 0.0
    """Up to when no line is late any more; cells from then on are read again."""
    looks: tuple[Look, ...] = ()


class History(Protocol):
    """Where looks are kept."""

    def recall(self, name: str, identity: str) -> Past:
        """What is known of the rollout; nothing, if nothing is."""
        ...

    def keep(self, name: str, identity: str, past: Past) -> None:
        """Remember *past*, in place of what was known."""
        ...


class InMemory:
    """Remembers for as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Past] = {}

    def recall(self, name: str, identity: str) -> Past:
        """What was kept here."""
        return self._kept.get((name, identity), Past())

    def keep(self, name: str, identity: str, past: Past) -> None:
        """Hold on to it."""
        self._kept[name, identity] = past


class InFolder:
    """
    One JSON file a rollout.

    Args:
        root: A folder, made when first needed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def recall(self, name: str, identity: str) -> Past:
        """What the file holds; nothing if it is not there or damaged."""
        try:
            return past_of(json.loads(self._file(name, identity).read_text()))
        except (OSError, ValueError, KeyError, TypeError):
            return Past()

    def keep(self, name: str, identity: str, past: Past) -> None:
        """Write the file, whole or not at all."""
        file = self._file(name, identity)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, plain(past))

    def _file(self, name: str, identity: str) -> Path:
        return self._root / name / f"{identity}.json"


def plain(past: Past) -> dict[str, Any]:
    """*past* as JSON can hold it."""
    return {
        "until": past.until,
        "cells": [
            [cell.start, _seen(cell.baseline), _seen(cell.candidate)]
            for cell in past.cells
        ],
        "looks": [plain_look(look) for look in past.looks],
    }


def past_of(said: Mapping[str, Any]) -> Past:
    """The reverse of `plain`."""
    return Past(
        cells=tuple(
            Cell(start, _seen_of(ours), _seen_of(theirs))
            for start, ours, theirs in said["cells"]
        ),
        until=said["until"],
        looks=tuple(map(look_of, said["looks"])),
    )


def plain_look(look: Look) -> dict[str, Any]:
    """*look* as JSON can hold it."""
    return asdict(look) | {"findings": [_finding(one) for one in look.findings]}


def look_of(said: Mapping[str, Any]) -> Look:
    """The reverse of `plain_look`."""
    findings = tuple(map(_finding_of, said["findings"]))
    return Look(**{**said, "findings": findings})


def with_look(past: Past, look: Look) -> Past:
    """*past* and one more look."""
    return replace(past, looks=(*past.looks, look))


def _finding(finding: Finding) -> dict[str, Any]:
    return asdict(finding) | {"result": finding.result.value}


def _finding_of(said: Mapping[str, Any]) -> Finding:
    return Finding(**{**said, "result": Result(said["result"])})


_NOTHING = asdict(Seen())
"""What is not written down: a zero that was counted is."""


def _seen(seen: Seen) -> dict[str, Any]:
    """Only what is there; histograms as pairs."""
    said = asdict(replace(seen, warm=None, cold=None))
    said |= {"warm": _counts(seen.warm), "cold": _counts(seen.cold)}
    return {key: value for key, value in said.items() if value != _NOTHING[key]}


def _seen_of(said: Mapping[str, Any]) -> Seen:
    return Seen(
        **{
            **said,
            "warm": _histogram(said.get("warm")),
            "cold": _histogram(said.get("cold")),
            "classes": _classes(said.get("classes")),
        }
    )


def _counts(histogram: Histogram | None) -> list[list[int]] | None:
    return [list(p) for p in sorted(histogram.counts.items())] if histogram else None


def _classes(
    said: Mapping[str, Sequence[int]] | None,
) -> Mapping[str, tuple[int, int]] | None:
    return {name: (pair[0], pair[1]) for name, pair in said.items()} if said else None


def _histogram(pairs: Sequence[Sequence[int]] | None) -> Histogram | None:
    return Histogram({pair[0]: pair[1] for pair in pairs}) if pairs else None
