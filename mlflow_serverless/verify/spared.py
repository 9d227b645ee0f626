"""Strange values where the model takes them, when elsewhere it refuses them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mlflow_serverless.verify.asked import Asked
from mlflow_serverless.verify.questions import STRANGE, Probe
from mlflow_serverless.verify.samples import Group


def spared(asked: Sequence[Asked], probes: Sequence[Probe]) -> Iterator[Group]:
    """
    The groups of *asked* again of which rows were refused, without what refuses them.

    One encoder that raises for unknown categories takes every row that holds one, and
    no other column's unknown categories would be compared.
    """
    refusing = {n for p in probes if p.refused and p.value in STRANGE for n in p.of}
    plain = next((a.batch for a in asked if a.rows and not a.group.left_out), None)
    if not refusing or not isinstance(plain, pd.DataFrame):
        return
    for item in asked:
        batch = item.group.batch
        lost = item.refused + item.unasked
        if not lost or not isinstance(batch, pd.DataFrame) or item.group.left_out:
            continue
        if not batch.columns.is_unique:
            continue  # refused for its form
        rows = np.resize(np.arange(len(plain)), len(batch))
        known = {
            name: pd.Series(plain[name].to_numpy()[rows])
            for name in batch.columns
            if str(name) in refusing and name in plain.columns
        }
        if 0 < len(known) < len(batch.columns):
            name, why = f"{item.group.name}, else known", item.group.why
            yield replace(item.group, name=name, why=why, batch=batch.assign(**known))
