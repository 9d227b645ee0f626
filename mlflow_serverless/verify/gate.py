"""The gate: no graph passes whose answers are not the model's."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from lambda_runtime.manifest import Signature
from mlflow_serverless.model import ServableModel
from mlflow_serverless.verify.asked import Asked, ask
from mlflow_serverless.verify.batch import Batch, as_requested, rows_of, take
from mlflow_serverless.verify.candidate import Candidate
from mlflow_serverless.verify.errors import (
    DuplicateColumnsError,
    NothingComparedError,
    ParityError,
)
from mlflow_serverless.verify.example import check_example, check_repeats
from mlflow_serverless.verify.gaps import probe, refusals_of, summed
from mlflow_serverless.verify.judge import Bench, judge, with_runtime
from mlflow_serverless.verify.margins import float_labels
from mlflow_serverless.verify.native import PyfuncReference, load_reference
from mlflow_serverless.verify.options import ParityOptions
from mlflow_serverless.verify.precision import agreed, precision_of
from mlflow_serverless.verify.questions import STRANGE, Probe
from mlflow_serverless.verify.report.values import (
    CandidateReport,
    GroupReport,
    ParityReport,
    RefusalReport,
)
from mlflow_serverless.verify.runtime_check import check_runtime
from mlflow_serverless.verify.samples import Group, samples
from mlflow_serverless.verify.spared import spared
from mlflow_serverless.verify.suspects import suspects
from mlflow_serverless.world import Tell

DRAWN = "drawn"
"""The group of rows like those it was trained on: what is not like them is strange."""


def _unheard(event: str, /, **fields: object) -> None:
    """Nobody listens."""


def verify(
    model: ServableModel,
    candidates: Sequence[Candidate],
    *,
    options: ParityOptions | None = None,
    tell: Tell = _unheard,
) -> ParityReport:
    """
    Prove that every candidate answers as *model*'s own pyfunc does.

    Args:
        model: What was resolved; its folder is loaded by `mlflow.pyfunc`.
        candidates: Every artefact that may serve; each is held to the same rows.
        options: Budgets and tolerances.
        tell: Told `verify.progress`: who is being asked, and how far that is.

    Returns:
        The report; every candidate in it has passed.

    Raises:
        ParityError: A candidate's answers differ; carries the report.
        NonDeterministicModelError: The model disagrees with itself.
        ModelFailsOnItsExampleError: It cannot answer its own example.
        ExampleMismatchError: The example violates the signature.
        ModelNotLoadableError: pyfunc cannot load it here.
        DuplicateColumnsError: Two columns of the signature have one name.
        NoSamplesError: Nothing could be asked.
        NothingComparedError: The model refused everything.
        BadSampleFileError: `options.data` cannot be used.
    """
    report = examine(model, candidates, options=options, tell=tell)
    if not report.passed:
        raise ParityError(report)
    return report


def examine(
    model: ServableModel,
    candidates: Sequence[Candidate],
    *,
    options: ParityOptions | None = None,
    tell: Tell = _unheard,
) -> ParityReport:
    """As `verify`, but a candidate that fails is reported, not raised."""
    exam = prepare(model, options or ParityOptions(), tell)
    return conclude(model, exam, _judge_all(model, candidates, exam.bench, tell))


@dataclass(frozen=True, slots=True)
class Exam:
    """A model that was asked, before any candidate was."""

    bench: Bench
    reference: PyfuncReference
    noise: float
    """How far its answer moved when it was asked twice."""
    started: float
    """By `perf_counter`."""


def prepare(
    model: ServableModel, options: ParityOptions, tell: Tell = _unheard
) -> Exam:
    """
    Load *model* and ask it all that candidates will be asked.

    Args:
        model: What was resolved.
        options: Budgets and tolerances.
        tell: As for `verify`.

    Raises:
        ServerlessError: As `verify`, but for ParityError.
    """
    started = time.perf_counter()
    _require_distinct(model.signature)
    reference = load_reference(model)
    example = check_example(model, reference)
    drawn = samples(
        model.signature,
        estimator=reference.estimator,
        example=example,
        options=options,
    )
    groups = [
        replace(group, batch=as_requested(group.batch, one_by_one=group.chunk == 1))
        for group in drawn
    ]
    asked, probes = _all_asked(reference, groups, model.signature, tell)
    answered = [item.batch for item in asked if item.rows]
    noise = max(check_repeats(reference, _probe(batch)) for batch in answered[:2])
    bench = Bench(
        reference=reference,
        asked=asked,
        options=options,
        labels=_labels(reference, asked),
        probes=probes,
        refusals=refusals_of(probes, model.signature),
    )
    return Exam(bench, reference, noise, started)


def _all_asked(
    reference: PyfuncReference, groups: Sequence[Group], signature: Signature,
    tell: Tell,
) -> tuple[list[Asked], tuple[Probe, ...]]:  # fmt: skip
    """Every group's answers, and what the model was seen to refuse on the way."""
    asked: list[Asked] = []
    probes: tuple[Probe, ...] = ()
    plain: Batch | None = None
    for number, group in enumerate(groups):
        asks = f"asks the model: {group.name}"
        tell("verify.progress", what=asks, part=number / len(groups))
        asked.append(ask(reference, group, suspects(group.batch, probes, plain)))
        if plain is None and group.name == DRAWN and asked[-1].rows:
            plain = asked[-1].batch
            probes = probe(reference, asked, signature)
    _require_answers(asked)
    probes = probes or probe(reference, asked, signature)
    again = [
        ask(reference, group, suspects(group.batch, probes, plain))
        for group in spared(asked, probes)
    ]
    return [*asked, *again], probes


def conclude(
    model: ServableModel, exam: Exam, reports: tuple[CandidateReport, ...]
) -> ParityReport:
    """What came of *exam* when the candidates of *reports* were judged."""
    options = exam.bench.options
    return ParityReport(
        model=model.uri,
        digest=model.digest,
        flavor=model.flavor,
        predict_fn=model.predict_fn,
        seed=options.seed,
        groups=tuple(map(_described, exam.bench.asked)),
        candidates=reports,
        options=tuple((key, str(value)) for key, value in asdict(options).items()),
        libraries=_libraries(),
        seconds=time.perf_counter() - exam.started,
        noise=exam.noise,
        refusals=tuple(
            RefusalReport(
                value=item.value,
                of=item.of,
                reason=_words(exam, item.value),
                by_graph=item.value in STRANGE,
            )
            for item in summed(exam.bench.probes, model.signature)
        ),
    )


def _words(exam: Exam, value: str) -> str:
    """The model's, where it first refused *value*."""
    probes = exam.bench.probes
    reasons = (item.reason for item in probes if item.value == value)
    return next(filter(None, reasons))


def _judge_all(
    model: ServableModel, candidates: Sequence[Candidate], bench: Bench, tell: Tell
) -> tuple[CandidateReport, ...]:
    precisions = agreed([precision_of(candidate) for candidate in candidates])
    reports: list[CandidateReport] = []
    for candidate, precision in zip(candidates, precisions, strict=True):
        asks = f"asks {candidate.name}"
        tell("verify.progress", what=asks, part=len(reports) / len(candidates))
        report = judge(candidate, precision, bench)
        if report.passed and bench.options.runtime_rows:
            found = check_runtime(model, candidate, precision, bench)
            report = with_runtime(report, found)
        reports.append(report)
    return tuple(reports)


def _probe(batch: Batch, *, rows: int = 200) -> Batch:
    """Rows to ask twice: such as were answered, for a refusal says nothing."""
    return take(batch, np.arange(min(rows, rows_of(batch))))


def _require_distinct(signature: Signature) -> None:
    names = [column.name for column in signature.columns if column.name is not None]
    doubled = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if doubled:
        raise DuplicateColumnsError(doubled)


def _require_answers(asked: Sequence[Asked]) -> None:
    if any(item.rows for item in asked):
        return
    reasons = [reason for item in asked for reason in item.reasons]
    rows = sum(item.refused for item in asked)
    raise NothingComparedError(rows, reasons[0] if reasons else "no rows were drawn")


def _labels(reference: PyfuncReference, asked: Sequence[Asked]) -> frozenset[str]:
    answers = [item.native for item in asked if item.native is not None]
    return float_labels(reference.estimator, reference.predict_fn, answers)


def _described(item: Asked) -> GroupReport:
    return GroupReport(
        name=item.group.name,
        why=item.group.why,
        rows=item.rows,
        refused=item.refused,
        unasked=item.unasked,
        reasons=item.reasons[:5],
        note=item.group.note,
    )


def _libraries() -> tuple[tuple[str, str], ...]:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    found: dict[str, Any] = {}
    for name in ("mlflow", "numpy", "onnxruntime", "pandas", "scikit-learn"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return tuple(found.items())
