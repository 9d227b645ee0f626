"""The room's verb: a model to a native bundle that was started, asked and compared."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from lambda_runtime.native.recipe import Recipe
from mlflow_serverless.model import ServableModel
from mlflow_serverless.native.bind import answer_for, inputs_for
from mlflow_serverless.native.bundle import NAME, Draft, write
from mlflow_serverless.native.cost import closure_bytes, libraries_for
from mlflow_serverless.native.recipe import recipe_for
from mlflow_serverless.native.start import Runtime, started
from mlflow_serverless.package import Bundle
from mlflow_serverless.verify import ParityOptions, ParityReport
from mlflow_serverless.verify.asked import Asked, ask
from mlflow_serverless.verify.batch import take
from mlflow_serverless.verify.errors import ParityError
from mlflow_serverless.verify.gate import Exam, conclude, prepare
from mlflow_serverless.verify.native import Reference
from mlflow_serverless.verify.outputs import Outputs, join_outputs
from mlflow_serverless.verify.posted import payload
from mlflow_serverless.verify.precision import EPS64, Precision
from mlflow_serverless.verify.report.values import CandidateReport, RuntimeReport
from mlflow_serverless.verify.runtime_check import through

ROWS = 2_000
"""Rows asked through the runtime at least: there is no graph that could be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeCost:
    """What it takes to serve a model by its own library."""

    bundle_bytes: int
    """The model's own files."""
    libraries: tuple[str, ...]
    library_bytes: int
    """An estimate: those libraries and all they need, as they are installed here."""
    cold_ms: float
    """From a new process to the loaded model, measured once on this machine [ms]."""
    first_ms: float
    """The first answer after that [ms]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeMade:
    """A bundle that answers as its model does, and what that costs."""

    report: ParityReport
    cost: NativeCost
    why: str
    """Why no graph serves it."""
    loader: str
    """Which library loads it; `pyfunc` is mlflow itself."""


def make(
    model: ServableModel,
    folder: Path,
    *,
    why: str,
    options: ParityOptions,
    environment: str = "",
) -> NativeMade:
    """
    Write the native bundle of *model* into *folder*, start it, and prove it.

    Args:
        model: What was resolved.
        folder: Empty.
        why: Why no graph serves it; the manifest keeps it.
        options: Budgets and tolerances of the proof.
        environment: Key of the isolated environment that this runs in; else empty.

    Raises:
        NativeSignatureError, NativeAnswerError: The runtime does not carry its types.
        ColdStartError: The bundle was started and did not serve.
        ParityError: It answers otherwise than pyfunc; carries the report.
        ServerlessError: As `verify` raises.
    """
    inputs, feeds = inputs_for(model.signature)
    exam = _trimmed(prepare(model, options))
    answers = _answers(exam.bench.asked)
    outputs, answer = answer_for(answers.form, answers.arrays)
    recipe = recipe_for(model, exam.reference.estimator)
    draft = Draft(
        recipe=recipe, why=why, inputs=inputs, feeds=feeds, outputs=outputs,
        answer=answer, environment=environment,
        refusals=tuple(r for r in exam.bench.refusals if r.value == "absent"),
    )  # fmt: skip
    bundle = write(model, draft, folder)
    with started(folder) as runtime:
        first_ms = _first(runtime, exam)
        report = conclude(model, exam, (_judge(bundle, runtime, exam),))
    if not report.passed:
        raise ParityError(report)
    return NativeMade(
        report=report, cost=_cost(bundle, recipe, model, runtime.cold_ms, first_ms),
        why=why, loader=recipe.loader,
    )  # fmt: skip


def _trimmed(exam: Exam) -> Exam:
    """*exam* with no more rows of each group than are sent through the runtime."""
    bench = exam.bench
    groups = sum(item.rows > 0 for item in bench.asked)
    share = max(bench.options.runtime_rows, ROWS) // max(groups, 1)
    asked = [
        _spread(exam.reference, item, share) if item.rows else item
        for item in bench.asked
    ]
    return replace(exam, bench=replace(bench, asked=asked))


def _spread(reference: Reference, asked: Asked, share: int) -> Asked:
    """
    *share* rows of *asked*, from all of it, answered together as they will be sent.

    What a row is answered may depend on its company: solvers stop when the whole
    batch is near enough (NMF), and products of matrices are summed in blocks.
    """
    rows = np.linspace(0, asked.rows - 1, min(share, asked.rows)).astype(np.intp)
    batch = take(asked.batch, rows)
    with _one_thread():
        again = ask(reference, replace(asked.group, batch=batch))
    return replace(
        again,
        refused=asked.refused + again.refused,
        unasked=asked.unasked + again.unasked + asked.rows - len(rows),
        reasons=tuple(dict.fromkeys((*asked.reasons, *again.reasons))),
    )


def _one_thread() -> AbstractContextManager[object]:
    """As the runtime computes: sums are split otherwise among several threads."""
    if find_spec("threadpoolctl") is None:  # it comes with scikit-learn
        return nullcontext()
    return import_module("threadpoolctl").threadpool_limits(1)  # type: ignore[no-any-return]


def _answers(asked: Sequence[Asked]) -> Outputs:
    """All that the model answered; an answer to no rows may have lost its shape."""
    found = [item.native for item in asked if item.native is not None]
    return join_outputs([item for item in found if item.rows] or found)


def _first(runtime: Runtime, exam: Exam) -> float:
    batch = next(item.batch for item in exam.bench.asked if item.rows)
    began = time.perf_counter()
    runtime.post(payload(batch))
    return (time.perf_counter() - began) * 1e3


def _judge(bundle: Bundle, runtime: Runtime, exam: Exam) -> CandidateReport:
    """
    The runtime's answers to rows of every group, held to the model's.

    Both sides are the same library in double precision, so they are held to as much.
    """
    rows = sum(item.rows for item in exam.bench.asked) * len(exam.bench.asked)
    options = replace(exam.bench.options, runtime_rows=rows)
    bench = replace(exam.bench, options=options)
    found = through(runtime.post, Precision(EPS64, 1), bench, engine="native")
    passed = found.passed and found.rows > found.refused
    return CandidateReport(
        name=NAME,
        file=bundle.manifest.variants[0].file,
        format="native",
        bytes=sum(file.bytes for file in bundle.manifest.files),
        passed=passed,
        verdict=_verdict(found),
        load_ms=runtime.cold_ms,
        runtime=found,
    )


def _verdict(found: RuntimeReport) -> str:
    if found.rows <= found.refused:
        return f"the runtime refused all {found.rows} rows: {found.note}"
    if not found.passed:
        return (
            f"{found.wrong} of {found.rows} rows differ through the runtime; "
            f"first {found.first_wrong}"
        )
    refused = f", {found.refused} refused" if found.refused else ""
    return f"equal on {found.rows} rows through the runtime{refused}"


def _cost(
    bundle: Bundle,
    recipe: Recipe,
    model: ServableModel,
    cold_ms: float,
    first_ms: float,
) -> NativeCost:
    names = libraries_for(
        recipe.loader, recipe.format, frame=not recipe.matrix,
        requirements=model.requirements,
    )  # fmt: skip
    return NativeCost(
        bundle_bytes=sum(file.bytes for file in bundle.manifest.files),
        libraries=names,
        library_bytes=closure_bytes(names),
        cold_ms=round(cold_ms, 1),
        first_ms=round(first_ms, 1),
    )
