"""What promotion has to rule out first: harm of a size that would matter."""

from collections.abc import Iterator

from mlflow_serverless.observe import Observation
from mlflow_serverless.shift.criteria import Criteria, Demand
from mlflow_serverless.shift.evidence import SURE, Ruled, failing_by, slower_by
from mlflow_serverless.shift.verdict import Finding, Result

_LONGEST = 2
"""Pairs of answers that are waited for at most, in multiples of what promotion waits
for anyhow: what so many do not tell is told by no number that anybody waits for."""

_TOLERANCES = 2
"""Rises of the p95 below this many tolerances cannot be told from what is tolerated."""


def certain(
    observation: Observation, criteria: Criteria, demand: Demand
) -> Iterator[Finding]:
    """Rises that the rollout must be able to find, before there is nothing to find."""
    if not demand.promoting:
        return
    rise = max(criteria.detect_p95, _TOLERANCES * criteria.latency_tolerance)
    latencies = ((c.candidate.warm, c.baseline.warm) for c in observation.cells)
    said = f"a p95 that is {rise:.0%} higher"
    yield _finding("rise of p95", said, slower_by(latencies, rise), criteria, demand)
    more = criteria.detect_errors
    failed = [
        (c.candidate.failures, c.candidate.answers,
         c.baseline.failures, c.baseline.answers)
        for c in observation.cells
    ]  # fmt: skip
    said = f"{100 * more:g} percentage points more failures"
    yield _finding("rise of errors", said, failing_by(failed, more), criteria, demand)


def _finding(
    check: str, what: str, ruled: Ruled, criteria: Criteria, demand: Demand
) -> Finding:
    if ruled.out:
        return Finding(check=check, result=Result.PASS, sentence=f"{what}: ruled out")
    most = _LONGEST * criteria.promote_requests
    so_far = f"not ruled out by {ruled.pairs:,.0f} pairs of answers"
    if demand.early and ruled.pairs < most:
        sure = f"{max(0.0, ruled.errors):.1f} of {SURE:.1f} standard errors"
        sentence = f"{what}: {so_far} yet ({sure})"
        return Finding(check=check, result=Result.NODATA, sentence=sentence)
    why = f"{what}: {so_far}, which is as long as is waited"
    return Finding(check=check, result=Result.PASS, sentence=why)
