"""Does the candidate fail, or refuse, more than it may?"""

from collections.abc import Iterator

from mlflow_serverless.observe import Observation, Seen
from mlflow_serverless.shift.checks.words import odds, of, result, share
from mlflow_serverless.shift.criteria import Criteria
from mlflow_serverless.shift.evidence import beyond, more_often
from mlflow_serverless.shift.verdict import Finding, Result


def errors(observation: Observation, criteria: Criteria) -> Iterator[Finding]:
    """Failures against the limit and the baseline, refusals against the baseline."""
    if not observation.ours.answers:
        yield Finding(check="errors", result=Result.NODATA, sentence="no answer yet")
        return
    yield _limit(observation, criteria)
    yield _compared(observation, criteria, "failures")
    yield _compared(observation, criteria, "refusals")


def _limit(observation: Observation, criteria: Criteria) -> Finding:
    ours, theirs = observation.ours, observation.theirs
    counts = [(c.candidate.failures, c.candidate.answers) for c in observation.cells]
    log_e = beyond(counts, criteria.max_error_rate)
    found = result(log_e, criteria)
    sentence = (
        f"{of(ours.failures, ours.answers)} failed{_statuses(ours)}; "
        f"at most {share(criteria.max_error_rate)} may"
    )
    if found is Result.HIGH and _shared(ours, theirs):
        found = Result.MARGINAL
        sentence += f", but so did {of(theirs.failures, theirs.answers)} of the old one"
    return Finding(check="error rate", result=found, sentence=sentence, log_e=log_e)


def _shared(ours: Seen, theirs: Seen) -> bool:
    """Whether the baseline is in the same trouble: going back would not help."""
    if not theirs.answers:
        return False
    return theirs.failures / theirs.answers >= ours.failures / ours.answers / 2


def _statuses(seen: Seen) -> str:
    failed = {s: n for s, n in seen.statuses.items() if s >= "500"}
    listed = ", ".join(f"{n} x {s}" for s, n in sorted(failed.items()))
    return f" ({listed})" if listed else ""


def _compared(observation: Observation, criteria: Criteria, what: str) -> Finding:
    tables = [
        (
            getattr(cell.candidate, what),
            cell.candidate.answers,
            getattr(cell.baseline, what),
            cell.baseline.answers,
        )
        for cell in observation.cells
    ]
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
