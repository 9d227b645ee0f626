"""Quantised answers held to the user's budget: refused with what to type."""

from collections.abc import Sequence

from mlflow_serverless.optimise.artefact import Artefact
from mlflow_serverless.optimise.errors import AnswersMovedError
from mlflow_serverless.verify import ParityReport


def held_to_budget(report: ParityReport, artefacts: Sequence[Artefact]) -> None:
    """
    Refuse *report* if it fails because answers were allowed to move, and moved too far.

    Graphs that could not be run, or whose answers have another form, are not excused
    by any budget: those stay `ParityError`.

    Args:
        report: What parity found on *artefacts*.
        artefacts: What was put to the proof.

    Raises:
        AnswersMovedError: It names the budget that would accept what was found.
    """
    quantised = {a.variant.name: a for a in artefacts if a.before is not None}
    failed = [item for item in report.candidates if not item.passed]
    if not failed or not all(item.name in quantised for item in failed):
        return
    if any(not item.groups or any(g.fault for g in item.groups) for item in failed):
        return
    raise AnswersMovedError(
        failed[0].name,
        evidence="\n".join(f"{item.name}: {item.verdict}" for item in failed),
        flips=max(item.flips for item in failed),
        moved=max((i.max_abs for i in failed if i.beyond), default=0.0),
        report=report,
    )
