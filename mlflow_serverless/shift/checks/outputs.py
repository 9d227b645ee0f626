"""Does the candidate answer differently?"""

from collections.abc import Iterator

from mlflow_serverless.observe import Observation, Seen
from mlflow_serverless.shift.checks.words import of, result, share
from mlflow_serverless.shift.criteria import Criteria, Demand
from mlflow_serverless.shift.evidence import CAP, beyond, drifted
from mlflow_serverless.shift.verdict import Finding, Result

_SHIFTED = 0.1
"""Stability index from which a distribution is said to have shifted a little."""


def outputs(
    observation: Observation, criteria: Criteria, demand: Demand
) -> Iterator[Finding]:
    """Predictions against the ones served, and their distribution."""
    yield from _disagreement(observation, criteria, demand)
    pairs = [(c.candidate.outputs, c.baseline.outputs) for c in observation.cells]
    found = drifted(pairs)
    if found is None:
        return
    yield Finding(
        check="drift",
        result=_drift(found.index, found.chance, criteria),
        sentence=(
            f"stability index {found.index:.3f} (at most {criteria.max_drift:g}, "
            f"{found.chance:.3f} by chance); {found.moved!r} is {share(found.is_)} of "
            f"the predictions against {share(found.was)}"
        ),
    )


def _drift(index: float, chance: float, criteria: Criteria) -> Result:
    if index <= chance:
        return Result.PASS
    if index > criteria.max_drift:
        return Result.HIGH
    return Result.MARGINAL if index > max(_SHIFTED, criteria.max_drift / 2) else (
        Result.PASS
    )  # fmt: skip


def _disagreement(
    observation: Observation, criteria: Criteria, demand: Demand
) -> Iterator[Finding]:
    ours = observation.ours
    if ours.compared is None or ours.disagreed is None or not ours.compared:
        if demand.compared:
            yield Finding(
                check="disagreement",
                result=Result.NODATA,
                sentence="no prediction was compared with the one served yet",
            )
        return
    counts = [
        (c.candidate.disagreed or 0, c.candidate.compared or 0)
        for c in observation.cells
    ]
    log_e = beyond(counts, criteria.max_disagreement, most=CAP)
    yield Finding(
        check="disagreement",
        result=result(log_e, criteria),
        sentence=(
            f"{of(ours.disagreed, ours.compared)} predictions differ from those "
            f"served{_where(ours)}; at most {share(criteria.max_disagreement)} may"
        ),
        log_e=log_e,
    )


def _where(ours: Seen) -> str:
    """The class that has most of what differs, if there is one."""
    classes = ours.classes or {}
    label, (rows, differ) = max(
        classes.items(), key=lambda item: item[1][1], default=("", (0, 0))
    )
    most = 2 * differ > (ours.disagreed or 0) and len(classes) > 1
    return f", most of them {label!r}: {of(differ, rows)}" if most else ""
