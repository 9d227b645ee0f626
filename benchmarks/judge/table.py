"""What rollouts come to, as rows of the tables of `docs/shifting.md`."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import beta

from benchmarks.judge.rollouts import End

DOCS = Path(__file__).parents[2] / "docs"
PAGE, KEPT = DOCS / "shifting.md", DOCS / "shifting.json"

Row = dict[str, str | int | float]
Tables = dict[str, dict[str, Row]]

HEADS = {
    "null": ("traffic", "rollouts", "rolled back", "out of patience", "still held",
             "promoted", "below (95 %)", "minutes until then"),
    "power": ("traffic", "wrong", "rollouts", "found", "held, never promoted",
              "missed", "answers, median", "90 %", "minutes"),
    "sizes": ("wrong", "latency's spread", "rollouts", "found", "answers, median",
              "90 %", "most"),
}  # fmt: skip


def null_row(ends: Sequence[End]) -> Row:
    """Of rollouts with nothing wrong."""
    back, waited = _count(ends, "rolled back"), _count(ends, "out of patience")
    return {
        "rollouts": len(ends),
        "rolled back": back,
        "out of patience": waited,
        "still held": _count(ends, "held"),
        "promoted": _count(ends, "promoted"),
        "below (95 %)": f"{bound(back + waited, len(ends)):.1%}",
        "minutes until then": _median([e.minutes for e in ends]),
    }


def power_row(ends: Sequence[End]) -> Row:
    """Of rollouts of a faulty version."""
    missed = _count(ends, "promoted")
    found = _found(ends)
    return {
        "rollouts": len(ends),
        "found": len(found),
        "held, never promoted": len(ends) - len(found) - missed,
        "missed": missed,
        "answers, median": _median([e.answers for e in found]),
        "90 %": _quantile([e.answers for e in found], 0.9),
        "minutes": _median([e.minutes for e in found]),
    }


def size_row(ends: Sequence[End]) -> Row:
    """Of rollouts that wait for very many answers: how many it takes."""
    answers = [e.answers for e in _found(ends)]
    return {
        "rollouts": len(ends),
        "found": len(answers),
        "answers, median": _median(answers),
        "90 %": _quantile(answers, 0.9),
        "most": max(answers, default=0),
    }


def _found(ends: Sequence[End]) -> list[End]:
    return [end for end in ends if end.outcome == "rolled back"]


def _count(ends: Sequence[End], outcome: str) -> int:
    return sum(end.outcome == outcome for end in ends)


def _median(values: Sequence[int]) -> int:
    return _quantile(values, 0.5)


def _quantile(values: Sequence[int], part: float) -> int:
    return int(np.quantile(values, part)) if values else 0


def bound(events: int, trials: int) -> float:
    """Clopper and Pearson's upper bound on a rate, with 95 % confidence."""
    return float(beta.ppf(0.95, events + 1, trials - events)) if trials else 1.0


def kept() -> Tables:
    """The tables as they were, less rows that say less than they do by now."""
    tables = json.loads(KEPT.read_text()) if KEPT.is_file() else {}
    return {
        name: {
            key: row
            for key, row in tables.get(name, {}).items()
            if set(heads) <= row.keys()
        }
        for name, heads in HEADS.items()
    }


def write(tables: Tables) -> None:
    """Keep *tables*, and put them into the page."""
    KEPT.write_text(json.dumps(tables, indent=1) + "\n")
    text = PAGE.read_text()
    for name, rows in tables.items():
        start, end = (f"<!-- {mark}{name} -->" for mark in ("", "/"))
        head, _, rest = text.partition(start)
        shown = _shown(HEADS[name], list(rows.values()))
        if name == "null":
            shown += f"\n\n{pooled(list(rows.values()))}"
        text = f"{head}{start}\n\n{shown}\n\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(text)


def _shown(heads: Sequence[str], rows: Sequence[Row]) -> str:
    lines = [heads, ["---"] * len(heads), *([_text(r[h]) for h in heads] for r in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:,}"


def pooled(rows: Sequence[Row]) -> str:
    """False alarms of all rows together, in words."""
    total = sum(int(row["rollouts"]) for row in rows)
    both = ("rolled back", "out of patience")
    wrong = sum(int(row[what]) for row in rows for what in both)
    rate, most = wrong / max(1, total), bound(wrong, total)
    return (
        f"All together: {wrong} of {total:,} good versions lost their traffic "
        f"({rate:.2%}; below {most:.2%} with 95 % confidence)."
    )
