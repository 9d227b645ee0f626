"""Does the candidate have room, and is it there at all?"""

from collections.abc import Iterator

from mlflow_serverless.observe import Observation, Seen
from mlflow_serverless.shift.checks.excuse import held
from mlflow_serverless.shift.checks.words import of, result, share
from mlflow_serverless.shift.criteria import Criteria, Demand
from mlflow_serverless.shift.evidence import beyond
from mlflow_serverless.shift.verdict import Finding, Result

_EXPECTED = 50
"""Requests that should have come before their absence means anything."""

_SILENT = 0.2
"""Part of the expected requests below which a version is called silent."""

_LATE, _STRETCH = 2, 5
"""Cells whose lines may still be on their way; and how many others there must be, as
one version's lines may be late by minutes where the other's are not."""


def capacity(
    observation: Observation, criteria: Criteria, demand: Demand
) -> Iterator[Finding]:
    """Throttles, memory, and whether the candidate answers what it is sent."""
    ours, theirs = observation.ours, observation.theirs
    if ours.throttles is not None:
        yield _throttles(observation, ours.throttles, criteria, demand)
    if ours.memory_used is not None:
        yield _memory(ours.memory_used, theirs, criteria)
    if demand.share is not None:
        yield from _silence(observation, demand, demand.share)


def _throttles(
    observation: Observation, throttles: int, criteria: Criteria, demand: Demand
) -> Finding:
    asked = observation.ours.answers + throttles
    tables = [
        (*_turned_away(cell.candidate), *_turned_away(cell.baseline))
        for cell in observation.cells
    ]
    limit = criteria.max_throttles
    log_e = beyond([table[:2] for table in tables], limit)
    found, excused = held(result(log_e, criteria), tables, limit, demand)
    sentence = (
        f"{of(throttles, asked)} requests were throttled; at most {share(limit)} may be"
    )
    if excused:
        sentence += ", but so were the old one's"
    return Finding(check="throttles", result=found, sentence=sentence, log_e=log_e)


def _turned_away(seen: Seen) -> tuple[int, int]:
    throttles = seen.throttles or 0
    return throttles, seen.answers + throttles


def _memory(used: float, theirs: Seen, criteria: Criteria) -> Finding:
    most = criteria.max_memory
    near = used > most
    also = theirs.memory_used is not None and theirs.memory_used > most
    sentence = f"{share(used)} of its memory used; at most {share(most)} may be"
    if near and also:
        sentence += ", but so has the old one"
    found = Result.PASS if not near or also else Result.HIGH
    return Finding(check="memory", result=found, sentence=sentence)


def _silence(
    observation: Observation, demand: Demand, part: float
) -> Iterator[Finding]:
    """A version that hangs or dies before it can report is the worst of all."""
    if not 0 < part < 1:
        return
    settled = observation.window.until - _LATE * observation.window.cell_s
    cells = observation.since(demand.since)
    others = [c.baseline.requests for c in cells if c.start < settled]
    answered = sum(c.candidate.requests for c in cells)
    expected = sum(others) * part / (1 - part)
    if expected < _EXPECTED or sum(map(bool, others)) < _STRETCH:
        return
    yield Finding(
        check="silence",
        result=Result.HIGH if answered < _SILENT * expected else Result.PASS,
        sentence=(
            f"{answered:,} answers where about {expected:,.0f} requests were sent "
            f"({share(part)} of the traffic)"
        ),
    )
