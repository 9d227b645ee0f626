"""Values that break conversions which ordinary rows leave whole."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambda_runtime.manifest import Column
from mlflow_serverless.verify.samples.columns import FLOATS, INTEGERS, NUMBERS, fit
from mlflow_serverless.verify.samples.knowledge import ColumnFacts

Arrays = Mapping[int, NDArray[Any]]

LARGE = (
    1e4, 1e6, 16_777_217.0, 2_147_483_647.0, 1_700_000_000.0, 1_700_000_000_123.0,
    9_007_199_254_740_993.0, 1e12, 1e15,
)  # fmt: skip
"""Epochs in s and ms, ids, and the first integers that float32 and float64 lose."""

TINY = (0.0, -0.0, 1e-30, -1e-30, 5e-324, 1e-7, 1.0, -1.0)
"""Both zeros, denormals, and ones."""

EDGES = {
    "double": (
        1e-310, 1e10, 3.5e38, 1e39, 1e77, 1e100, 1e154, 1.4e154, 1e200, 1e300, 1.7e308,
        float(np.finfo(np.float64).max),
    ),
    "float": (1e-40, 1e10, 1.8e19, 1.9e19, 1e30, float(np.finfo(np.float32).max)),
    "integer": (1_000_003.0, float(2**31 - 1)),
    "long": (1_000_003.0, 1e10, float(2**53), float(2**62), float(2**63)),
}  # fmt: skip
"""By column type, from the least normal size to where squares, products and at last the
values themselves overflow; either sign is asked, one column at a time."""

CALM = {"double": 1e100, "float": 1e10}
"""The largest of `EDGES` that all columns are given at once: sums of larger ones may
overflow half way or not, by the order they are added in."""

MOST_EDGES = 600
"""Rows with one of `EDGES`; in wide tables each is asked of some columns."""

TEXTS = (
    "", " ", "  ", "\t", "\n", "never seen before", "é", "e\u0301", "ß", "İ", "日本",
    "🦊", "\u200b", "NaN", "nan", "None", "null", "NULL", "0", "1", "1.0", "-1", "true",
    "True", "a" * 300, "x,y", '"quoted"', "back\\slash",
)  # fmt: skip
"""Texts that some library somewhere takes for something else."""


def numeric(columns: Sequence[Column]) -> list[int]:
    """Positions of columns that hold numbers or booleans."""
    return [i for i, c in enumerate(columns) if c.type in NUMBERS]


def rounded(columns: Sequence[Column], base: Arrays) -> dict[int, NDArray[Any]]:
    """Drawn values rounded to whole, tenths, hundredths: a third of the rows each."""
    made = dict(base)
    for i, column in enumerate(columns):
        if column.type in FLOATS:
            values = base[i].astype(np.float64)
            third = np.arange(len(values)) % 3
            made[i] = fit(
                np.choose(third, [values.round(0), values.round(1), values.round(2)]),
                column.type,
            )
    return made


def large(
    columns: Sequence[Column], base: Arrays, rng: np.random.Generator
) -> dict[int, NDArray[Any]]:
    """Some numbers made large: epochs, ids, powers; both signs."""
    made = dict(base)
    for i, column in enumerate(columns):
        if column.type not in (*FLOATS, *INTEGERS):
            continue
        rows = len(base[i])
        sizes = rng.choice(np.array(LARGE), rows) * (1 + rng.random(rows) / 1e3)
        signs = np.where(rng.random(rows) < 0.2, -1.0, 1.0)
        values = fit(sizes * signs, column.type)
        made[i] = np.where(rng.random(rows) < 0.6, values, base[i])
    return made


def edges(
    columns: Sequence[Column],
    draw: Callable[[int], Arrays],
    rng: np.random.Generator,
) -> dict[int, NDArray[Any]]:
    """
    One of `EDGES` a row, smallest first, then all columns at once.

    Sizes that the model refuses lie together, so that few calls find them.

    Args:
        columns: Of the signature.
        draw: Makes so many plain rows.
        rng: Decides which columns are asked, where there are too many.
    """
    slots = [
        (abs(edge), i, edge * sign)
        for i, column in enumerate(columns)
        for edge in EDGES.get(column.type, ())
        for sign in (1.0, -1.0)
    ]
    if len(slots) > MOST_EDGES:
        kept = rng.choice(len(slots), MOST_EDGES, replace=False)
        slots = [slots[at] for at in kept]
    slots.sort(key=lambda slot: slot[0])
    together = 2 * max(map(len, EDGES.values()))
    made = {i: a.copy() for i, a in draw(len(slots) + together).items()}
    for row, (_, i, value) in enumerate(slots):
        made[i][row] = fit(np.array([value]), columns[i].type)[0]
    for i, column in enumerate(columns):
        if column.type in EDGES:
            signs = rng.choice([1.0, -1.0], together)
            most = CALM.get(column.type, np.inf)
            calm = np.array([edge for edge in EDGES[column.type] if edge <= most])
            values = np.sort(rng.choice(calm, together)) * signs
            made[i][len(slots) :] = fit(values, column.type)
    return made


def infinite(
    columns: Sequence[Column], base: Arrays, rng: np.random.Generator
) -> dict[int, NDArray[Any]]:
    """One infinity a row, in each float column, both signs, in random order."""
    floats = [i for i, c in enumerate(columns) if c.type in FLOATS]
    made = {i: column.copy() for i, column in base.items()}
    slots = [(i, value) for i in floats for value in (np.inf, -np.inf)]
    rows = len(next(iter(made.values()), []))
    for row, slot in enumerate(rng.permutation(rows) if slots else ()):
        i, value = slots[slot % len(slots)]
        made[i][row] = value
    return made


def missing(
    columns: Sequence[Column], base: Arrays, rng: np.random.Generator
) -> dict[int, NDArray[Any]]:
    """NaN in each float, None and NaN in each text: one a row, then many at once."""
    made = {i: values.copy() for i, values in base.items()}
    floats = [i for i, c in enumerate(columns) if c.type in FLOATS]
    texts = [i for i, c in enumerate(columns) if c.type == "string"]
    slots: list[tuple[int, object]] = [(i, np.nan) for i in floats]
    slots += [(i, gap) for i in texts for gap in (None, np.nan)]
    rows = len(next(iter(made.values()), []))
    for row, (i, gap) in zip(range(rows), slots, strict=False):
        made[i][row] = gap
    for i, gap in slots:
        scattered = rng.random(rows) < 0.25
        scattered[: len(slots)] = False
        made[i][scattered] = gap
    return made


def gap_a_row(base: Arrays, texts: Sequence[int]) -> dict[int, NDArray[Any]]:
    """None in one of the columns *texts* in each row, in turn."""
    made = {i: values.copy() for i, values in base.items()}
    for row in range(len(made[texts[0]])):
        made[texts[row % len(texts)]][row] = None
    return made


def unseen(
    columns: Sequence[Column], facts: Sequence[ColumnFacts], base: Arrays
) -> dict[int, NDArray[Any]]:
    """Texts nobody trained on, near misses of known ones, unknown codes."""
    made = {i: values.copy() for i, values in base.items()}
    for i, (column, known) in enumerate(zip(columns, facts, strict=True)):
        pool = list(_strangers(column, known))
        for row in range(len(made[i]) if pool else 0):
            made[i][row] = pool[(row * (2 * i + 1) + row // len(pool)) % len(pool)]
    return made


def _strangers(column: Column, known: ColumnFacts) -> Iterator[object]:
    if column.type == "string":
        yield from TEXTS
        for item in known.categories[:20]:
            if isinstance(item, str):
                yield from (
                    f" {item}",
                    f"{item} ",
                    item.upper(),
                    item.lower(),
                    item[:-1],
                )
    elif column.type in (*INTEGERS, *FLOATS) and known.categories:
        codes = [c for c in known.categories if isinstance(c, int | float | np.number)]
        if codes:
            top = float(max(codes))
            yield from (top + 1, top + 2, top + 32, -1, top + 1000, *codes[:20])


def constant(
    columns: Sequence[Column], base: Arrays, rows: int
) -> dict[int, NDArray[Any]]:
    """All numbers the same in a row: zeros, ones, the tiniest there are."""
    made = {i: np.repeat(values[:1], rows) for i, values in base.items()}
    for i in numeric(columns):
        values = np.array(TINY)[np.arange(rows) % len(TINY)]
        made[i] = fit(values, columns[i].type)
    return made


def extreme_integers(
    columns: Sequence[Column], base: Arrays
) -> dict[int, NDArray[Any]]:
    """The ends of each integer type, and what float32 and float64 cannot hold."""
    made: dict[int, NDArray[Any]] = {i: values.copy() for i, values in base.items()}
    for i, column in enumerate(columns):
        if column.type in INTEGERS:
            limits = np.iinfo(made[i].dtype)
            pool = [limits.min, limits.max, 0, -1, 2**24 + 1, limits.max // 2 + 1]
            made[i] = np.resize(np.array(pool, made[i].dtype), len(made[i]))
    return made
