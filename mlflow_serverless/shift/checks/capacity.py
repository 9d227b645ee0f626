"""Does the candidate have room, and is it there at all?"""

from collections.abc import Iterator

from mlflow_serverless.observe import Observation, Seen
from mlflow_serverless.shift.checks.words import of, result, share
from mlflow_serverless.shift.criteria import Criteria, Demand
from mlflow_serverless.shift.evidence import beyond
from mlflow_serverless.shift.verdict import Finding, Result

_EXPECTED = 50
"""Requests that should have come before their absence means anything."""

_SILENT = 0.2
"""Part of the expected requests below which a version is called silent."""


def capacity(
    observation: Observation, criteria: Criteria, demand: Demand
) -> Iterator[Finding]:
    """Throttles, memory, and whether the candidate answers what it is sent."""
    ours, theirs = observation.ours, observation.theirs
    if ours.throttles is not None:
        yield _throttles(observation, ours.throttles, criteria)
    if ours.memory_used is not None:
        yield _memory(ours.memory_used, theirs, criteria)
    if demand.share is not None:
        yield from _silence(observation, demand, demand.share)


def _throttles(observation: Observation, throttles: int, criteria: Criteria) -> Finding:
    ours, theirs = observation.ours, observation.theirs
    asked = ours.answers + throttles
    counts = [_turned_away(cell.candidate) for cell in observation.cells]
    log_e = beyond(counts, criteria.max_throttles)
    found = result(log_e, criteria)
    sentence = (
        f"{of(throttles, asked)} requests were throttled; "
        f"at most {share(criteria.max_throttles)} may be"
    )
    others = theirs.throttles or 0
    if found is Result.HIGH and others * asked >= throttles * theirs.answers / 2 > 0:
        found = Result.MARGINAL
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
    settled = observation.window.until - 2 * observation.window.cell_s
    cells = observation.since(demand.since)
    others = sum(c.baseline.requests for c in cells if c.start < settled)
    answered = sum(c.candidate.requests for c in cells)
    expected = others * part / (1 - part)
    if expected < _EXPECTED:
        return
    yield Finding(
        check="silence",
        result=Result.HIGH if answered < _SILENT * expected else Result.PASS,
        sentence=(
            f"{answered:,} answers where about {expected:,.0f} requests were sent "
            f"({share(part)} of the traffic)"
        ),
    )
