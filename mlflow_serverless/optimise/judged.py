"""Quantised answers held to the user's budget: refused with what to type."""

from collections.abc import Sequence

from mlflow_serverless.optimise.artefact import Artefact
from mlflow_serverless.optimise.errors import AnswersMovedError, QuantisationError
from mlflow_serverless.verify import ParityReport
from mlflow_serverless.verify.errors import ParityError
from mlflow_serverless.verify.report.values import CandidateReport


def held_to_budget(report: ParityReport, artefacts: Sequence[Artefact]) -> None:
    """
    Refuse *report* if it fails because answers were allowed to move, and moved too far.

    No budget excuses graphs that could not be run, or whose answers have another form.
    Neither of the two is a reason to serve something else than what was asked for.

    Args:
        report: What parity found on *artefacts*.
        artefacts: What was put to the proof.

    Raises:
        AnswersMovedError: It names the budget that would accept what was found.
        QuantisationError: The quantised graph does not answer as a graph should.
    """
    quantised = {a.variant.name: a for a in artefacts if a.before is not None}
    failed = [item for item in report.candidates if not item.passed]
    if not failed or not all(item.name in quantised for item in failed):
        return
    if any(not item.groups or any(g.fault for g in item.groups) for item in failed):
        raise QuantisationError(failed[0].name, ParityError(report))
    raise AnswersMovedError(
        failed[0].name,
        evidence="\n".join(map(_evidence, failed)),
        flips=max(item.flips for item in failed),
        moved=max((i.max_abs for i in failed if i.beyond), default=0.0),
        report=report,
    )


def _evidence(item: CandidateReport) -> str:
    """What was found, and how far scores move in each kind of rows."""
    moved = sorted(item.groups, key=lambda group: -group.max_abs)
    parts = [f"{group.name} {group.max_abs:.3g}" for group in moved if group.beyond]
    by_rows = f"; largest move by rows: {', '.join(parts)}" if parts else ""
    return f"{item.name}: {item.verdict}{by_rows}"
