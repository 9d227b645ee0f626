"""Trouble that the old version has, too: going back would not help."""

from collections.abc import Sequence

from mlflow_serverless.shift.criteria import Demand
from mlflow_serverless.shift.evidence import Table, excused, unheard
from mlflow_serverless.shift.verdict import Result

_LATELY = 5
"""Cells in which trouble counts as being there now."""


def held(
    found: Result, tables: Sequence[Table], limit: float, demand: Demand
) -> tuple[Result, bool]:
    """
    What *found* means if both versions are beyond *limit*.

    While they are in trouble, the rollout holds: nobody wants more change just then.
    But not for ever: if it lasts for half the patience, it is how things are there.

    Args:
        found: What the limit alone says.
        tables: Events and trials of candidate and baseline, cell by cell.
        limit: The highest rate that is tolerated.
        demand: What this look is about.

    Returns:
        The result, and whether the candidate is excused.
    """
    if found is Result.PASS:
        return found, False
    if not excused(tables):
        # Lines may come late: what the old version says of those minutes is waited for.
        waits = demand.early and not demand.promoted and unheard(tables)
        return (Result.MARGINAL if waits else found), False
    last = tables[-_LATELY:]
    now = sum(table[0] for table in last) > limit * sum(table[1] for table in last)
    return (Result.MARGINAL if now and demand.early else Result.PASS), True
