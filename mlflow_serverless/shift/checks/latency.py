"""Is the candidate slower than it may be? Warm requests only."""

import math
from collections.abc import Iterator

from mlflow_serverless.observe import Observation
from mlflow_serverless.observe.histogram import bucket_of
from mlflow_serverless.shift.checks.words import ms, odds, result, share
from mlflow_serverless.shift.criteria import Criteria, Demand
from mlflow_serverless.shift.evidence import Slower, beyond, slower
from mlflow_serverless.shift.verdict import Finding, Result

_AT_P95 = 0.05
"""Share of requests beyond the p95."""

_WHOLE, _HERE = math.log(2), math.log(20)
"""What it costs to look at the whole rollout, and at each stage (ten of them) alone:
a version may be slow only once it has more to do."""

_FAR = 0.2
"""Share of requests beyond `max_p95_ratio` times the baseline's p95: nothing that is
like the baseline comes near it, so that a few requests tell."""


def latency(
    observation: Observation, criteria: Criteria, demand: Demand
) -> Iterator[Finding]:
    """The p95 against its limit; everything and the slow end against the baseline."""
    if observation.ours.warm is None:
        yield Finding(
            check="latency", result=Result.NODATA, sentence="no warm answer yet"
        )
        return
    if criteria.max_p95_ms is not None:
        yield _limit(observation, criteria.max_p95_ms, criteria)
    found = _slower(observation, criteria, since=0.0)
    here = _slower(observation, criteria, since=demand.since)
    everywhere = max(found.everywhere - _WHOLE, here.everywhere - _HERE)
    at_the_end = max(found.at_the_end - _WHOLE, here.at_the_end - _HERE)
    yield _compared(found, "latency", everywhere, criteria)
    yield _compared(found, "latency p95", at_the_end, criteria)
    if found.baseline_p95 is not None:
        yield _far(observation, found.baseline_p95, criteria)


def _slower(observation: Observation, criteria: Criteria, *, since: float) -> Slower:
    pairs = [
        (cell.candidate.warm, cell.baseline.warm) for cell in observation.since(since)
    ]
    return slower(pairs, tolerance=criteria.latency_tolerance)


def _limit(observation: Observation, limit_ms: float, criteria: Criteria) -> Finding:
    ours, theirs = observation.ours.warm, observation.theirs.warm
    log_e = beyond(_slow(observation, 1000 * limit_ms), _AT_P95)
    found = result(log_e, criteria)
    p95 = ours.quantile(0.95) if ours else None
    sentence = f"p95 is {ms(p95)}; at most {limit_ms:g} ms is allowed"
    other = theirs.quantile(0.95) if theirs else None
    if found is Result.HIGH and other is not None and other > 1000 * limit_ms:
        found = Result.MARGINAL
        sentence += f", but that of the old one is {ms(other)}"
    return Finding(check="p95 limit", result=found, sentence=sentence, log_e=log_e)


def _far(observation: Observation, p95: float, criteria: Criteria) -> Finding:
    limit = criteria.max_p95_ratio * p95
    counts = _slow(observation, limit)
    log_e = beyond(counts, _FAR)
    slow, total = (sum(column) for column in zip(*counts, strict=True))
    return Finding(
        check="far slower",
        result=result(log_e, criteria),
        sentence=(
            f"{share(slow / total)} of {total:,} requests took more than "
            f"{ms(limit)}, {criteria.max_p95_ratio:g} times the baseline's p95"
        ),
        log_e=log_e,
    )


def _slow(observation: Observation, limit_us: float) -> list[tuple[int, int]]:
    """How many of the candidate's warm answers took longer, cell by cell."""
    edge = bucket_of(limit_us)
    warm = [c.candidate.warm for c in observation.cells if c.candidate.warm]
    return [
        (sum(count for key, count in h.counts.items() if key > edge), h.total)
        for h in warm
    ]


def _compared(found: Slower, name: str, log_e: float, criteria: Criteria) -> Finding:
    outcome = result(log_e, criteria)
    if found.ratio is None:
        return Finding(
            check=name, result=Result.NODATA, sentence="no baseline at the same time"
        )
    sentence = (
        f"p95 {ms(found.candidate_p95)} against {ms(found.baseline_p95)} "
        f"({found.ratio - 1:+.0%}), median {ms(found.candidate_p50)} against "
        f"{ms(found.baseline_p50)}, Cliff's delta {found.delta:+.2f}"
    )
    if outcome is not Result.PASS:
        sentence += f", {odds(log_e)}"
    return Finding(check=name, result=outcome, sentence=sentence, log_e=log_e)
