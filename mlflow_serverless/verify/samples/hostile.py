"""Values that break conversions which ordinary rows leave whole."""

from collections.abc import Iterator, Mapping, Sequence
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
