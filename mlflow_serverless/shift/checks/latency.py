"""Is the candidate slower than it may be? Warm requests only."""

import math
from collections.abc import Iterator, Sequence

from mlflow_serverless.observe import Cell, Histogram, Observation
from mlflow_serverless.observe.histogram import bucket_of, merged
from mlflow_serverless.shift.checks.excuse import held
from mlflow_serverless.shift.checks.words import ms, odds, of, result
from mlflow_serverless.shift.criteria import Criteria, Demand
from mlflow_serverless.shift.evidence import (
    Compared,
    Table,
    beyond,
    compared,
    far,
    slower,
)
from mlflow_serverless.shift.verdict import Finding, Result

_AT_P95 = 0.05
"""Share of requests beyond the p95."""

_WHOLE, _HERE = math.log(2), math.log(20)
"""What it costs to look at the whole rollout, and at each stage (ten of them) alone:
a version may be slow only once it has more to do."""

_Pairs = Sequence[tuple[Histogram | None, Histogram | None]]


def latency(
    observation: Observation, criteria: Criteria, demand: Demand
) -> Iterator[Finding]:
    """The p95 against its limit; everything and the slow end against the baseline."""
    if not any(cell.candidate.warm for cell in observation.cells):
        said = "no warm answer yet"
        yield Finding(check="latency", result=Result.NODATA, sentence=said)
        return
    if criteria.max_p95_ms is not None:
        yield _limit(observation, criteria.max_p95_ms, criteria, demand)
    pairs = _pairs(observation.cells)
    yield from _slower(pairs, _pairs(observation.since(demand.since)), criteria)
    yield from _far(pairs, criteria)


def _pairs(cells: Sequence[Cell]) -> _Pairs:
    return [(cell.candidate.warm, cell.baseline.warm) for cell in cells]


def _slower(whole: _Pairs, stage: _Pairs, criteria: Criteria) -> Iterator[Finding]:
    numbers = compared(whole)
    if numbers is None:
        said = "no baseline at the same time"
        yield Finding(check="latency", result=Result.NODATA, sentence=said)
        return
    found = slower(whole, tolerance=criteria.latency_tolerance)
    here = slower(stage, tolerance=criteria.latency_tolerance)
    everywhere = max(found.everywhere - _WHOLE, here.everywhere - _HERE)
    at_the_end = max(found.at_the_end - _WHOLE, here.at_the_end - _HERE)
    yield _said("latency", numbers, everywhere, criteria)
    yield _said("latency p95", numbers, at_the_end, criteria)


def _said(name: str, numbers: Compared, log_e: float, criteria: Criteria) -> Finding:
    outcome = result(log_e, criteria)
    sentence = (
        f"p95 {ms(numbers.candidate_p95)} against {ms(numbers.baseline_p95)} "
        f"({numbers.ratio - 1:+.0%}), median {ms(numbers.candidate_p50)} against "
        f"{ms(numbers.baseline_p50)}, Cliff's delta {numbers.delta:+.2f}"
    )
    if outcome is not Result.PASS:
        sentence += f", {odds(log_e)}"
    return Finding(check=name, result=outcome, sentence=sentence, log_e=log_e)


def _far(pairs: _Pairs, criteria: Criteria) -> Iterator[Finding]:
    found = far(pairs, ratio=criteria.max_p95_ratio)
    if found is None:
        return
    yield Finding(
        check="far slower",
        result=result(found.log_e, criteria),
        sentence=(
            f"{of(found.slow, found.total)} requests took more than "
            f"{criteria.max_p95_ratio:g} times the baseline's p95 at the time"
        ),
        log_e=found.log_e,
    )


def _limit(
    observation: Observation, limit_ms: float, criteria: Criteria, demand: Demand
) -> Finding:
    ours = merged(cell.candidate.warm for cell in observation.cells)
    tables = _beyond(observation, 1000 * limit_ms)
    log_e = beyond([table[:2] for table in tables], _AT_P95)
    found = result(log_e, criteria)
    p95 = ours.quantile(0.95) if ours else None
    sentence = f"p95 is {ms(p95)}; at most {limit_ms:g} ms is allowed"
    found, excused = held(found, tables, _AT_P95, demand)
    if excused:
        theirs = merged(cell.baseline.warm for cell in observation.cells)
        other = theirs.quantile(0.95) if theirs else None
        sentence += f", but that of the old one is {ms(other)}"
    return Finding(check="p95 limit", result=found, sentence=sentence, log_e=log_e)


def _beyond(observation: Observation, limit_us: float) -> list[Table]:
    """Warm answers of both versions that took longer, cell by cell."""
    edge = bucket_of(limit_us)
    return [
        (*_above(cell.candidate.warm, edge), *_above(cell.baseline.warm, edge))
        for cell in observation.cells
    ]


def _above(latencies: Histogram | None, edge: int) -> tuple[int, int]:
    return (latencies.above(edge), latencies.total) if latencies else (0, 0)
