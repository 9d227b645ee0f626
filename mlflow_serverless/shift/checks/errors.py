"""Does the candidate fail, or refuse, more than it may?"""

from collections.abc import Iterator, Sequence

from mlflow_serverless.observe import Cell, Observation, Seen
from mlflow_serverless.shift.checks.excuse import held
from mlflow_serverless.shift.checks.words import odds, of, result, share
from mlflow_serverless.shift.criteria import Criteria, Demand
from mlflow_serverless.shift.evidence import Table, beyond, more_often
from mlflow_serverless.shift.verdict import Finding, Result

_LATELY = 5
"""Cells whose failures are told apart if there are more than before."""


def errors(
    observation: Observation, criteria: Criteria, demand: Demand
) -> Iterator[Finding]:
    """Failures against the limit and the baseline, refusals against the baseline."""
    if not observation.ours.answers:
        yield Finding(check="errors", result=Result.NODATA, sentence="no answer yet")
        return
    failed = [_failed(cell) for cell in observation.cells]
    yield _limit(observation, failed, criteria, demand)
    yield _compared(failed, criteria, "failures")
    refused = [_refused(cell) for cell in observation.cells]
    yield _compared(refused, criteria, "refusals")


def _failed(cell: Cell) -> Table:
    ours, theirs = cell.candidate, cell.baseline
    return ours.failures, ours.answers, theirs.failures, theirs.answers


def _refused(cell: Cell) -> Table:
    ours, theirs = cell.candidate, cell.baseline
    return ours.refusals, ours.answers, theirs.refusals, theirs.answers


def _limit(
    observation: Observation,
    failed: Sequence[Table],
    criteria: Criteria,
    demand: Demand,
) -> Finding:
    ours, theirs = observation.ours, observation.theirs
    limit = criteria.max_error_rate
    log_e = beyond([table[:2] for table in failed], limit)
    found, excused = held(result(log_e, criteria), failed, limit, demand)
    sentence = (
        f"{of(ours.failures, ours.answers)} failed{_statuses(ours)}{_lately(failed)}; "
        f"at most {share(limit)} may"
    )
    if excused:
        others = of(theirs.failures, theirs.answers)
        sentence += f", but so did {others} of the old one"
    return Finding(check="error rate", result=found, sentence=sentence, log_e=log_e)


def _lately(failed: Sequence[Table]) -> str:
    """The last cells, if they are worse than all that came before."""
    last = failed[-_LATELY:]
    now = sum(table[0] for table in last), sum(table[1] for table in last)
    ever = sum(table[0] for table in failed), sum(table[1] for table in failed)
    worse = now != ever and now[0] * ever[1] > 2 * ever[0] * now[1]
    return f", {of(*now)} of the last" if worse else ""


def _statuses(seen: Seen) -> str:
    failed = {s: n for s, n in seen.statuses.items() if s >= "500"}
    listed = ", ".join(f"{n} x {s}" for s, n in sorted(failed.items()))
    return f" ({listed})" if listed else ""


def _compared(tables: Sequence[Table], criteria: Criteria, what: str) -> Finding:
    log_e = more_often(tables)
    found = result(log_e, criteria)
    events, trials, other_events, other_trials = (
        sum(column) for column in zip(*tables, strict=True)
    )
    sentence = (
        f"{of(events, trials)} against {of(other_events, other_trials)} {what} "
        "in the same minutes"
    )
    if found is not Result.PASS:
        sentence += f", {odds(log_e)}"
    return Finding(check=what, result=found, sentence=sentence, log_e=log_e)
