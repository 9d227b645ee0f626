"""The groups that are made up, from what is known and what is known to hurt."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlflow_serverless.verify.options import ParityOptions
from mlflow_serverless.verify.samples import hostile, splits
from mlflow_serverless.verify.samples.columns import (
    FLOATS,
    INTEGERS,
    draw,
    drawable,
    frame,
    key_of,
)
from mlflow_serverless.verify.samples.group import Group
from mlflow_serverless.verify.samples.knowledge import Knowledge
from mlflow_serverless.verify.samples.layout import Layout
from mlflow_serverless.verify.samples.splits import Arrays

FORMS = 24
"""Rows of each table that is formed otherwise than the signature."""

ALONE = 8
"""Optional columns that are left out one by one."""

EDGES = "edges"
"""The group that asks where numbers overflow."""

STRANGER = "nobody asked for this"
"""A column that no signature has."""


@dataclass(frozen=True, slots=True)
class Drawer:
    """Makes groups of rows for one layout; the same seed makes the same rows."""

    layout: Layout
    knowledge: Knowledge
    options: ParityOptions
    skipped: frozenset[str] = frozenset()
    """Groups that are left out."""

    def groups(self) -> Iterator[Group]:
        """All groups, the plain ones first."""
        yield self._group("drawn", "values like those it was trained on", self._drawn())
        yield from self._splits()
        kinds = {column.type for column in self.layout.columns}
        if kinds & {*FLOATS}:
            yield from self._floats()
        if kinds & {*INTEGERS, *FLOATS}:
            yield from self._sizes()
        if "string" in kinds or any(f.categories for f in self.knowledge.columns):
            yield from self._categories()
        yield from self._counts()
        yield from self._forms()

    def _rng(self, name: str) -> np.random.Generator:
        """Each group has its own stream, so that groups do not move one another."""
        return np.random.default_rng([self.options.seed, zlib.crc32(name.encode())])

    def _few(self) -> int:
        """Rows of a hostile group: some for each column."""
        wide = 6 * len(self.layout.columns)
        return int(np.clip(self.options.samples // 5, 40, 400)) + min(wide, 2_000)

    def _base(self, name: str, rows: int) -> Arrays:
        """Training-like rows to change something in."""
        rng = self._rng(name)
        return {
            i: draw(column, facts, rows, rng)
            if drawable(column)
            else self._from_example(i, rows, rng)
            for i, (column, facts) in enumerate(
                zip(self.layout.columns, self.knowledge.columns, strict=True)
            )
        }

    def _from_example(
        self, i: int, rows: int, rng: np.random.Generator
    ) -> NDArray[Any]:
        """Values of a column that only the example has."""
        example = self.layout.example
        assert isinstance(example, pd.DataFrame)
        values = example[key_of(self.layout.columns[i], i)].to_numpy(dtype=object)
        return values[rng.integers(0, len(values), rows)]

    def _group(
        self,
        name: str,
        why: str,
        values: Arrays,
        *,
        chunk: int | None = None,
        note: str = "",
    ) -> Group:
        batch = self.layout.batch(values)
        return Group(name=name, why=why, batch=batch, chunk=chunk, note=note)

    def _drawn(self) -> Arrays:
        return self._base("drawn", self.options.samples)

    def _splits(self) -> Iterator[Group]:
        columns, facts = self.layout.columns, self.knowledge.columns
        budget, name = self.options.boundary_rows, "thresholds"
        base = self._base(name, self._longest(budget))
        values, shown, there = splits.grouped(
            columns, facts, base, budget, self._rng(f"{name}!")
        )
        if shown:
            yield self._group(
                name,
                "every split threshold exactly, and one ulp either side",
                values,
                note=f"{shown} of {there} thresholds",
            )
        share = budget // max(len(self.knowledge.forests), 1)
        for number, grown in enumerate(self.knowledge.forests):
            name = "split paths" if number == 0 else f"split paths {number + 1}"
            values, shown, there = splits.directed(
                columns, grown, self._base(name, share), share, self._rng(f"{name}!")
            )
            if shown:
                yield self._group(
                    name,
                    "rows steered to single nodes, at their thresholds",
                    values,
                    note=f"{shown} of {there} split nodes",
                )

    def _longest(self, budget: int) -> int:
        """Rows that the busiest column's thresholds can fill."""
        most = max((f.thresholds.size for f in self.knowledge.columns), default=0)
        return min(budget, splits.REPEATS * 6 * most) + 8

    def _floats(self) -> Iterator[Group]:
        few, columns = self._few(), self.layout.columns
        floats = sum(column.type in FLOATS for column in columns)
        rows = self.options.samples
        yield self._group(
            "rounded",
            "whole numbers, tenths, hundredths: where values meet thresholds",
            hostile.rounded(columns, self._base("rounded", rows)),
        )
        yield self._group(
            "infinite",
            "an infinity in each float column",
            hostile.infinite(
                columns,
                self._base("infinite", min(few, 2 * floats)),
                self._rng("infinite!"),
            ),
        )

    def _sizes(self) -> Iterator[Group]:
        few, columns = self._few(), self.layout.columns
        yield self._group(
            "large",
            "epochs, ids and powers, beyond float32's integers",
            hostile.large(columns, self._base("large", few), self._rng("large!")),
        )
        if EDGES not in self.skipped:
            yield self._group(
                EDGES,
                "the sizes at which squares, products and values overflow, or vanish",
                hostile.edges(
                    columns, lambda rows: self._base(EDGES, rows), self._rng("edges!")
                ),
            )
        yield self._group(
            "constant",
            "the same in every column: zeros, ones, denormals",
            hostile.constant(columns, self._base("constant", 1), 16),
        )
        if any(column.type in INTEGERS for column in columns):
            yield self._group(
                "integer limits",
                "the ends of each integer type",
                hostile.extreme_integers(columns, self._base("integer limits", 24)),
            )

    def _categories(self) -> Iterator[Group]:
        yield self._group(
            "unseen",
            "categories nobody trained on, empty and odd texts",
            hostile.unseen(
                self.layout.columns,
                self.knowledge.columns,
                self._base("unseen", self._few()),
            ),
        )

    def _counts(self) -> Iterator[Group]:
        columns = self.layout.columns
        if any(column.type in {*FLOATS, "string"} for column in columns):
            yield self._group(
                "missing",
                "NaN in each float column, None and NaN in each text column",
                hostile.missing(
                    columns, self._base("missing", self._few()), self._rng("missing!")
                ),
            )
        yield self._group(
            "one row", "rows asked one at a time", self._base("one row", 8), chunk=1
        )
        texts = [i for i, column in enumerate(columns) if column.type == "string"]
        if texts:
            yield self._group(
                "one gap",
                "a text missing from a row asked alone: nothing says it was a text",
                hostile.gap_a_row(
                    self._base("one gap", min(3 * len(texts), 48)), texts
                ),
                chunk=1,
            )
        yield self._group("no rows", "an empty request", self._base("no rows", 0))

    def _forms(self) -> Iterator[Group]:
        """The same rows in other tables: what a caller may leave out, turn, or add."""
        columns = self.layout.columns
        if self.layout.tensors or any(column.name is None for column in columns):
            return
        turned = self._table("other order")
        stranger = pd.DataFrame({STRANGER: np.ones(FORMS)})
        yield Group(
            name="other order",
            why="columns in another order, and one that nobody asked for, twice",
            batch=pd.concat([turned[turned.columns[::-1]], stranger, stranger], axis=1),
        )
        twice = self._table("column twice").head(2)
        yield Group(
            name="column twice",
            why="a column that is given twice: nobody knows which is meant",
            batch=pd.concat([twice, twice.iloc[:, :1]], axis=1),
        )
        optional = [str(column.name) for column in columns if not column.required]
        for left in _left_out(optional):
            name = f"without {left[0]}" if len(left) == 1 else "without optional"
            yield Group(
                name=name,
                why="optional columns that a caller leaves out",
                batch=self._table(name).drop(columns=left),
                left_out=tuple(left),
            )

    def _table(self, name: str) -> pd.DataFrame:
        """Plain rows, to be formed otherwise."""
        return frame(self.layout.columns, self._base(name, FORMS), FORMS)


def _left_out(optional: Sequence[str]) -> Iterator[list[str]]:
    """Each of the first few alone, then all."""
    yield from ([name] for name in optional[:ALONE])
    if len(optional) > 1:
        yield list(optional)


def draw_groups(
    layout: Layout,
    knowledge: Knowledge,
    options: ParityOptions,
    skipped: frozenset[str] = frozenset(),
) -> tuple[Group, ...]:
    """Every made-up group for *layout* but *skipped*; the same for the same seed."""
    return tuple(Drawer(layout, knowledge, options, skipped).groups())
