"""One candidate against the model's answers: run it, compare, say so in a sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lambda_runtime.manifest import Refusal
from mlflow_serverless.verify.asked import Asked
from mlflow_serverless.verify.batch import Batch, describe_row, take
from mlflow_serverless.verify.candidate import Candidate
from mlflow_serverless.verify.graph_run import CHUNK, GraphRun
from mlflow_serverless.verify.native import Reference, brief
from mlflow_serverless.verify.options import ParityOptions
from mlflow_serverless.verify.outputs import Outputs
from mlflow_serverless.verify.parity import Comparison, compare, differing_rows
from mlflow_serverless.verify.precision import Precision, tolerance_for
from mlflow_serverless.verify.questions import Probe
from mlflow_serverless.verify.report.values import (
    CandidateReport,
    ClassAgreement,
    GroupVerdict,
    RuntimeReport,
    WorstInput,
)
from mlflow_serverless.verify.stats import Tolerance

EVIDENCE = 8
"""Rows shown for each candidate."""

EACH = 2
"""Rows shown of one group: the next group may show something else."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A group's comparison, with the tolerance it was held to."""

    asked: Asked
    comparison: Comparison
    tolerance: Tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all candidates are judged with."""

    reference: Reference
    asked: Sequence[Asked]
    options: ParityOptions
    labels: frozenset[str]
    """Outputs whose numbers are labels although they are floats."""
    probes: Sequence[Probe] = ()
    """Values asked one at a time, and whether the model refuses them."""
    refusals: tuple[Refusal, ...] = ()
    """What that comes to, as the manifest says it."""


def judge(candidate: Candidate, precision: Precision, bench: Bench) -> CandidateReport:
    """Run *candidate* over everything that was asked, and judge its answers."""
    try:
        run = GraphRun(candidate)
    except Exception as cause:  # noqa: BLE001 - onnxruntime raises its own kinds
        return _failed(candidate, f"onnxruntime cannot load it: {brief(cause)}")
    judged = [
        _group(run, item, precision, bench)
        for item in bench.asked
        if item.native is not None
    ]
    first = next(
        (item for item in judged if item.asked.rows and not item.comparison.fault), None
    )
    worst = sorted(_evidence(judged), key=lambda item: -item.excess)[:EVIDENCE]
    return CandidateReport(
        name=candidate.name,
        file=candidate.file.name,
        format=candidate.format,
        bytes=candidate.bytes,
        passed=_passes(judged, bench.options),
        verdict=verdict(judged, bench.options),
        load_ms=run.load_ms,
        run_us=run.one_row_us(first.asked.batch) if first else 0.0,
        eps=precision.eps,
        depth=precision.depth,
        tie_band=max((item.tolerance.tie_band for item in judged), default=0.0),
        groups=tuple(map(_verdict, judged)),
        classes=_classes(judged),
        worst=worst[0] if worst else None,
        more=tuple(worst[1:]),
    )


def _failed(candidate: Candidate, why: str) -> CandidateReport:
    return CandidateReport(
        name=candidate.name,
        file=candidate.file.name,
        format=candidate.format,
        bytes=candidate.bytes,
        passed=False,
        verdict=why,
    )


def _group(run: GraphRun, asked: Asked, precision: Precision, bench: Bench) -> Judged:
    assert asked.native is not None
    tolerance = tolerance_for(precision, asked.native, bench.options)
    try:
        group = asked.group
        found = run.answer(
            asked.batch, chunk=group.chunk or CHUNK, left_out=group.left_out
        )
    except Exception as cause:  # noqa: BLE001 - a graph may fail in any way
        fault = f"the model answers, the graph fails: {brief(cause)}"
        return Judged(asked, Comparison(fault=fault), tolerance)
    margins = tie_margins(bench, asked.batch, (asked.native, found))
    comparison = compare(asked.native, found, tolerance, margins, bench.labels)
    return Judged(asked, comparison, tolerance)


def tie_margins(
    bench: Bench, batch: Batch, pair: tuple[Outputs, Outputs]
) -> NDArray[np.float64] | None:
    """The model's margins where labels of *pair* differ; nobody needs the others."""
    rows = differing_rows(*pair, bench.labels)
    if not rows.size or len(pair[0].arrays) != 1:
        return None
    (said,), (given,) = (item.arrays.values() for item in pair)
    near = bench.reference.margins(take(batch, rows), said[rows], given[rows])
    if near is None or len(near) != len(rows):
        return None
    margins = np.full((len(said), *near.shape[1:]), np.inf)
    margins[rows] = near
    return margins


def _passes(judged: Sequence[Judged], options: ParityOptions) -> bool:
    found = [item.comparison for item in judged]
    return (
        bool(found)
        and not any(item.fault for item in found)
        and not any(item.beyond for item in found)
        and sum(item.flips for item in found) <= options.max_label_flips
    )


def verdict(judged: Sequence[Judged], options: ParityOptions) -> str:
    """What was found, in one sentence with the numbers."""
    faults = [
        f"in {item.asked.group.name!r}: {item.comparison.fault}"
        for item in judged
        if item.comparison.fault
    ]
    if faults:
        more = f" (and {len(faults) - 1} more groups)" if len(faults) > 1 else ""
        return faults[0] + more
    rows = sum(item.asked.rows for item in judged)
    flips = sum(item.comparison.flips for item in judged)
    beyond = sum(item.comparison.beyond for item in judged)
    ties = sum(item.comparison.ties for item in judged)
    if flips > options.max_label_flips or beyond:
        where = [
            j.asked.group.name
            for j in judged
            if j.comparison.flips or j.comparison.beyond
        ]
        return (
            f"{flips} wrong labels and {beyond} rows with scores beyond the tolerance "
            f"of {rows} rows, in {', '.join(where)}"
        )
    accepted = f", {flips} wrong labels accepted" if flips else ""
    return f"equal on {rows} rows{accepted}" + (f", {ties} ties" if ties else "")


def _verdict(item: Judged) -> GroupVerdict:
    outputs = item.comparison.outputs
    sums = [sum(column) for column in zip(*(o.histogram for o in outputs), strict=True)]
    scores = [o for o in outputs if o.kind == "score"]
    return GroupVerdict(
        name=item.asked.group.name,
        rows=item.asked.rows,
        flips=item.comparison.flips,
        ties=item.comparison.ties,
        beyond=item.comparison.beyond,
        max_abs=max((o.max_abs for o in scores), default=0.0),
        max_rel=max((o.max_rel for o in scores), default=0.0),
        max_excess=max((o.max_excess for o in outputs), default=0.0),
        median_abs=max((o.quantiles[0] for o in scores), default=0.0),
        p99_abs=max((o.quantiles[2] for o in scores), default=0.0),
        atol=item.tolerance.atol,
        rtol=item.tolerance.rtol,
        histogram=tuple(sums),
        fault=item.comparison.fault,
    )


def _evidence(judged: Sequence[Judged]) -> Iterator[WorstInput]:
    for item in judged:
        for output in item.comparison.outputs:
            for miss in output.worst[:EACH]:
                yield WorstInput(
                    group=item.asked.group.name,
                    row=miss.row,
                    input=describe_row(item.asked.batch, miss.row),
                    native=miss.native,
                    candidate=miss.candidate,
                    excess=miss.excess,
                )


def _classes(judged: Sequence[Judged]) -> tuple[ClassAgreement, ...]:
    totals: dict[str, tuple[int, int, int]] = {}
    for item in judged:
        for output in item.comparison.outputs:
            for label, rows, equal, ties in output.classes:
                r, e, t = totals.get(label, (0, 0, 0))
                totals[label] = (r + rows, e + equal, t + ties)
    ordered = sorted(totals.items(), key=lambda entry: (-entry[1][0], entry[0]))
    return tuple(
        ClassAgreement(label=label, rows=r, equal=e, ties=t)
        for label, (r, e, t) in ordered[:50]
    )


def with_runtime(report: CandidateReport, runtime: RuntimeReport) -> CandidateReport:
    """*report* with what the real runtime said; a wrong answer there fails it too."""
    if runtime.passed:
        return replace(report, runtime=runtime)
    verdict = f"through the runtime: {runtime.wrong} of {runtime.rows} rows differ"
    return replace(
        report,
        runtime=runtime,
        passed=False,
        verdict=f"{verdict}; first {runtime.first_wrong}",
    )
