"""What the input example tells of columns that the estimator says nothing about."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from lambda_runtime.manifest import Column
from mlflow_serverless.verify.samples.columns import FLOATS, INTEGERS, key_of
from mlflow_serverless.verify.samples.knowledge import ColumnFacts, Knowledge
from mlflow_serverless.verify.samples.layout import Layout


def completed(knowledge: Knowledge, layout: Layout) -> Knowledge:
    """*knowledge*, with ranges and texts of the example where it has none."""
    example = layout.example
    if layout.tensors or not isinstance(example, pd.DataFrame):
        return knowledge
    columns = (
        _completed(facts, column, example[key_of(column, at)])
        for at, (facts, column) in enumerate(
            zip(knowledge.columns, layout.columns, strict=True)
        )
    )
    return replace(knowledge, columns=tuple(columns))


def _completed(
    facts: ColumnFacts, column: Column, shown: "pd.Series[Any]"
) -> ColumnFacts:
    if facts.low is not None or facts.categories:
        return facts
    if column.type == "string":
        texts = [item for item in shown if isinstance(item, str)]
        return replace(facts, categories=tuple(dict.fromkeys(texts)))
    if column.type in (*FLOATS, *INTEGERS):
        values = shown.to_numpy(np.float64)
        values = values[np.isfinite(values)]
        if values.size:
            return replace(facts, low=float(values.min()), high=float(values.max()))
    return facts
