"""The page: totals, then a row for each model and method."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tests.breadth.case import Unbuilt
from tests.breadth.row import Row

MADE = "<!-- Made by `make breadth`; do not edit. -->"

INTRO = """\
Every scikit-learn estimator that can be built with its defaults (fewer trees), the
option matrix of XGBoost and LightGBM, and pipelines over mixed DataFrames. Each is
trained on small fixed data, saved by MLflow, converted, optimised and proved by the
same rooms that a deployment goes through. What passes is compared a second time, on
other rows and by other code (`tests/breadth/independent.py`); *silently wrong* is what
the gate passed and the second look did not.

- **exact**: served through ONNX; the answers are the model's.
- **native**: no graph is exact, so the original library serves; that was proved, too.
- **refused**: no graph is exact, with the reason; native serving not proved here.
- **untrainable**: the library itself cannot train, save or ask it like this.
"""

GROUPS = {
    "classifier": "Classifiers", "regressor": "Regressors",
    "clusterer": "Clusterers and mixtures", "detector": "Outlier detectors",
    "meta": "Searches and wrappers", "option": "Options of scikit-learn's estimators",
    "transformer": "Transformers, before a linear model",
    "text": "Texts, before a linear model", "frame": "Pipelines over DataFrames",
    "xgboost": "XGBoost", "lightgbm": "LightGBM",
}  # fmt: skip
PREDICTORS = ("classifier", "regressor", "clusterer", "detector", "meta")


def page(rows: Sequence[Row], unbuilt: Sequence[Unbuilt]) -> str:
    """The whole page as Markdown."""
    parts = [f"# What converts\n\n{MADE}\n", INTRO, _totals(rows)]
    for group, title in GROUPS.items():
        found = [row for row in rows if row.group == group]
        if found:
            parts.append(f"## {title}\n\n{_table(found)}")
    if unbuilt:
        lines = [f"| `{item.name}` | {item.why} |" for item in unbuilt]
        head = "| Estimator | Why |\n|---|---|"
        parts.append("\n".join(["## Not served by anyone\n", head, *lines, ""]))
    return "\n".join(parts)


def share(rows: Iterable[Row]) -> tuple[int, int]:
    """Predictors of scikit-learn that are exact in all rows, of those that train."""
    verdicts: dict[str, set[str]] = {}
    for row in rows:
        if row.group in PREDICTORS and row.verdict != "untrainable":
            name = row.name.partition(",")[0]
            verdicts.setdefault(name, set()).add(row.verdict)
    exact = sum(found == {"exact"} for found in verdicts.values())
    return exact, len(verdicts)


def _totals(rows: Sequence[Row]) -> str:
    kinds = ("exact", "native", "refused", "untrainable", "bug", "silently wrong")
    head = f"| | {' | '.join(kinds)} |\n|---|{'---:|' * len(kinds)}"
    lines = []
    for group, title in (*GROUPS.items(), ("", "**All**")):
        found = Counter(r.verdict for r in rows if group in {"", r.group})
        if found:
            cells = " | ".join(str(found[kind]) for kind in kinds)
            lines.append(f"| {title} | {cells} |")
    exact, of = share(rows)
    compared = sum(row.rows + row.other_rows for row in rows)
    says = (
        f"Of {of} scikit-learn predictors that train, {exact} "
        f"({exact / max(of, 1):.0%}) are exact through ONNX in all rows; "
        f"{compared:,} answers were compared.\n"
    )
    return "\n".join([says, head, *lines, ""])


def _table(rows: Sequence[Row]) -> str:
    head = "| Model | Asked | Verdict | Recipes, or why not | Max error | Rows |"
    return "\n".join([head, "|---|---|---|---|---:|---:|", *map(_line, rows), ""])


def _line(row: Row) -> str:
    exact = row.verdict == "exact"
    said = _recipes(row.recipes) if exact else _cell(row.why)
    error = f"{row.error:.1e}" if exact and row.error else "0" if exact else ""
    rows = f"{row.rows + row.other_rows:,}" if exact else ""
    return (
        f"| {_cell(row.name)} | `{row.method}` | {row.verdict} | {said} "
        f"| {error} | {rows} |"
    )


def _recipes(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in _few(names))


def _few(names: Sequence[str], most: int = 6) -> Iterator[str]:
    yield from names[:most]
    if len(names) > most:
        yield f"and {len(names) - most} more"


def _cell(text: str, most: int = 220) -> str:
    plain = text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
