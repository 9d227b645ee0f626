"""Observation -> Healthy, Unhealthy or Inconclusive, in one sentence with numbers."""

from collections.abc import Sequence

from mlflow_serverless.observe import Observation
from mlflow_serverless.shift.checks import check
from mlflow_serverless.shift.criteria import Criteria, Demand
from mlflow_serverless.shift.verdict import (
    Finding,
    Healthy,
    Inconclusive,
    Judgement,
    Result,
    Unhealthy,
    Verdict,
)


def judge(
    observation: Observation,
    criteria: Criteria | None = None,
    demand: Demand | None = None,
) -> Judgement:
    """
    Hold the candidate against its limits and the baseline.

    It may be asked as often as one likes: the chance that a good version is *ever*
    called unhealthy stays below `criteria.false_rollbacks`.

    Args:
        observation: All cells since the rollout began.
        criteria: What is asked of it.
        demand: What this look is about.
    """
    criteria = criteria or Criteria()
    demand = demand or Demand(requests=criteria.requests)
    findings = tuple(check(observation, criteria, demand))
    return Judgement(_verdict(observation, demand, findings), findings)


def _verdict(
    observation: Observation, demand: Demand, findings: Sequence[Finding]
) -> Verdict:
    if high := _with(findings, Result.HIGH):
        worst = max(high, key=lambda finding: finding.log_e)
        return Unhealthy(_said(worst))
    if waiting := _waiting(observation, demand):
        return Inconclusive(waiting)
    if marginal := _with(findings, Result.MARGINAL):
        return Inconclusive(f"suspicious, not proven: {_said(marginal[0])}")
    if missing := _with(findings, Result.NODATA):
        return Inconclusive(_said(missing[0]))
    return Healthy(_summary(observation, findings))


def _with(findings: Sequence[Finding], result: Result) -> list[Finding]:
    return [finding for finding in findings if finding.result is result]


def _said(finding: Finding) -> str:
    return f"{finding.check}: {finding.sentence}"


def _waiting(observation: Observation, demand: Demand) -> str:
    """What is still to be seen before anything good can be said; empty if nothing."""
    cells = observation.since(demand.since)
    if not any(cell.candidate.answers or cell.baseline.answers for cell in cells):
        return "no data: neither version has reported anything in this stage"
    here = sum(cell.candidate.answers for cell in cells)
    overall = observation.ours.answers
    if here < max(1, demand.requests):
        return f"{here:,} of {demand.requests:,} answers of the candidate in this stage"
    if overall < demand.overall:
        return f"{overall:,} of {demand.overall:,} answers that promotion asks for"
    compared = observation.ours.compared or 0
    if 0 < compared < demand.compared:
        return f"{compared:,} of {demand.compared:,} predictions compared"
    if not any(cell.baseline.answers for cell in cells):
        return "no answer of the baseline in this stage to compare with"
    return ""


_ALSO = ("disagreement", "rise of p95", "rise of errors")


def _summary(observation: Observation, findings: Sequence[Finding]) -> str:
    answers = observation.ours.answers
    shown = {f.check: f.sentence for f in findings}
    parts = [
        f"nothing wrong in {answers:,} answers",
        *(shown[name] for name in ("latency", "failures") if name in shown),
        *(shown[name] for name in _ALSO if name in shown),
    ]
    return "; ".join(parts)
