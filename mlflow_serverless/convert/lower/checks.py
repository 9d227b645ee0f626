"""What the model raises for, found by the graph: a mark for each row that it refuses.

A graph cannot raise. So a recipe whose estimator raises for some values marks the rows
that hold them; all marks become one more output, and the runtime refuses such rows in
the model's place (`Answer.checks`).
"""

from collections.abc import Sequence

import numpy as np

from lambda_runtime.manifest import CHECKED, Check
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.symbol import Sym


def refuse(where: Sym, value: str, of: Sequence[str | None] = ()) -> None:
    """
    Refuse the rows in which *where* holds anywhere.

    Args:
        where: bool `(rows, columns)`.
        value: What is refused there, as `Check` has it.
        of: The column of the request that each column of *where* is about, if known.
    """
    names = of or [None] * where.width
    checks = tuple(Check(value, name or "") for name in names)
    where.graph.marks.append((where, checks))


def refuse_overflow(value: Sym) -> None:
    """Refuse rows in which *value* `(rows, columns)` is NaN or infinite anywhere."""
    refuse((value * 0.0).sum(keepdims=True).is_nan(), "overflow")


def marked(graph: Builder) -> tuple[list[tuple[str, Sym]], tuple[Check, ...]]:
    """The output that tells which row is refused, and for what; none if none can be."""
    if not graph.marks:
        return [], ()
    checks = tuple(check for _, checks in graph.marks for check in checks)
    marks = graph.concat([where for where, _ in graph.marks]).cast("int64")
    places = np.arange(1, len(checks) + 1)[None, :]
    return [(CHECKED, (marks * places).reduce("ReduceMax"))], checks
