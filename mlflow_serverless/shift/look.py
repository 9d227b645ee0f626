"""Seeing what there is to see: cells kept earlier, and metric lines since then."""

from dataclasses import replace
from datetime import UTC, datetime

from mlflow_serverless.observe import Observation, Window, joined, observe
from mlflow_serverless.shift.criteria import Criteria, Demand
from mlflow_serverless.shift.history import History
from mlflow_serverless.shift.rollout import Rollout, State
from mlflow_serverless.shift.strategy import Kind
from mlflow_serverless.world import Logbook

_LATE = 3
"""Cells that are read again at the next look: lines may come late."""


def look_at(
    name: str, rollout: Rollout, logbook: Logbook, history: History, now: float
) -> Observation:
    """
    All whole cells since the rollout began.

    The cell that has only begun waits for the next look: evidence is counted cell by
    cell, and half of one would be counted twice.
    """
    past = history.recall(name, rollout.identity)
    cell_s = rollout.strategy.look_s
    whole = int((now - rollout.begun) // cell_s)
    since = max(rollout.begun, past.until)
    until = rollout.begun + whole * cell_s
    lines = logbook.metrics(name, since=datetime.fromtimestamp(since, UTC))
    fresh = observe(
        lines,
        baseline=rollout.baseline,
        candidate=rollout.candidate,
        window=Window(since=since, until=until, cell_s=cell_s),
    )
    settled = [cell for cell in past.cells if cell.start < since - cell_s / 2]
    cells = joined(settled, fresh.cells)
    final = rollout.begun + max(0, whole - _LATE) * cell_s
    seen = replace(past, cells=cells, until=max(past.until, final))
    history.keep(name, rollout.identity, seen)
    window = Window(since=rollout.begun, until=until, cell_s=cell_s)
    return replace(fresh, window=window, cells=cells)


def demand(rollout: Rollout, criteria: Criteria, now: float) -> Demand:
    """
    What this look is about, by where the rollout stands.

    Promotion waits for more answers than a stage does, and until harm that matters is
    ruled out; so does a shadow, whose predictions nobody else compares; but for half
    the patience at most: where little comes, what has come must do.
    """
    stage = rollout.here
    last = rollout.stage + 1 == len(rollout.strategy.stages)
    mirrored = stage is not None and stage.kind is Kind.SHADOW
    early = now - rollout.since < rollout.strategy.patience_s / 2
    promoting = rollout.state is State.SHIFTING and last
    enough = min(criteria.shadow_predictions, criteria.promote_requests)
    return Demand(
        since=rollout.since,
        requests=criteria.requests,
        overall=criteria.promote_requests if promoting and early else 0,
        share=stage.share if stage and not mirrored else None,
        compared=(enough if early else 1) if mirrored else 0,
        early=early,
        promoting=promoting,
        promoted=rollout.state is State.GUARDING,
    )
