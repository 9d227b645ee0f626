"""End to end: JSON in, JSON out, through the runtime that will serve the candidate.

Everything else here speaks numpy; callers speak JSON. A few rows of every group go
through `lambda_runtime`'s own protocol, binding and engine, and what comes back is
held to the model's answers like any other.
"""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lambda_runtime.engine import open_session
from lambda_runtime.exchange import Request
from lambda_runtime.manifest import Engine, Manifest, Model
from lambda_runtime.manifest import Refusal as ManifestRefusal
from lambda_runtime.protocol.service import Service
from mlflow_serverless.model import ServableModel
from mlflow_serverless.verify.asked import Asked
from mlflow_serverless.verify.batch import (
    Batch,
    as_requested,
    describe_row,
    same_gaps,
    take,
)
from mlflow_serverless.verify.candidate import Candidate
from mlflow_serverless.verify.gaps import unlike
from mlflow_serverless.verify.judge import Bench, tie_margins
from mlflow_serverless.verify.native import Reference, Refusal, brief
from mlflow_serverless.verify.outputs import Outputs, kind_of
from mlflow_serverless.verify.parity import compare
from mlflow_serverless.verify.posted import parse, payload
from mlflow_serverless.verify.precision import Precision, tolerance_for
from mlflow_serverless.verify.report.values import RuntimeReport

if TYPE_CHECKING:
    from lambda_runtime.engine import Session

SPURNED = 100
"""Rows of a group, refused by the model, that are posted at most: only here does a
graph show what it makes of them."""

Post = Callable[[bytes], tuple[int, bytes]]
"""A body to `/invocations`; status and body come back."""


def check_runtime(
    model: ServableModel, candidate: Candidate, precision: Precision, bench: Bench
) -> RuntimeReport:
    """Ask *candidate* through the real runtime, a few rows of every group."""
    try:
        session = _open(candidate)
    except Exception as cause:  # noqa: BLE001 - whatever the engine raises
        return RuntimeReport(
            engine=candidate.engine,
            rows=0,
            wrong=1,
            first_wrong=f"it does not load: {brief(cause)}",
        )
    try:
        made = manifest_of(model, candidate, bench.refusals)
        service = Service(made, session.run, _unheard)
        return through(_poster(service), precision, bench, engine=candidate.engine)
    finally:
        session.close()


def _open(candidate: Candidate) -> "Session":
    return open_session(
        candidate.engine, str(candidate.file), candidate.variant, threads=1
    )


def _unheard(_: str) -> None:
    """Incidents of hostile rows are counted, not logged."""


def manifest_of(
    model: ServableModel, candidate: Candidate, refusals: tuple[ManifestRefusal, ...]
) -> Manifest:
    """The least manifest that serves *candidate* as *model*."""
    return Manifest(
        model=Model(model.uri, predict_fn=model.predict_fn),
        engine=Engine(candidate.engine),
        inputs=candidate.inputs,
        outputs=candidate.outputs,
        variants=(candidate.variant,),
        signature=model.signature,
        feeds=candidate.feeds,
        answer=candidate.answer,
        files=(),
        refusals=refusals,
    )


def _poster(service: Service) -> Post:
    headers = {"content-type": "application/json"}

    def post(body: bytes) -> tuple[int, bytes]:
        found = service.respond(Request("POST", "/invocations", headers, body))
        return found.status, found.body

    return post


def through(
    post: Post, precision: Precision, bench: Bench, *, engine: str = "ort-c"
) -> RuntimeReport:
    """The runtime's answers to a few rows of every group, held to the model's."""
    wrong, rows, refused, first = 0, 0, 0, ""
    reasons: dict[str, None] = {}
    share = _share(bench)
    for asked in bench.asked:
        pieces = _pieces(post, bench.reference, asked, share, reasons)
        for batch, native in pieces:
            rows += native.rows
            if (body := _answer(post, batch)) is None:
                refused += native.rows
                continue
            found = _wrong_rows(batch, native, body, precision, bench)
            wrong += len(found)
            if found and not first:
                first = f"in {asked.group.name!r}: {found[0]}"
    spurned = [
        line for item in bench.asked for line in _taken(post, bench, item, share)
    ]
    most = bench.options.runtime_rows
    odd = unlike(bench.probes, most, lambda batch: _told(post, batch))
    for line in filter(None, (*spurned, *odd)):
        wrong += 1
        first = first or line
    return RuntimeReport(
        engine=engine,
        rows=rows,
        wrong=wrong,
        refused=refused,
        spurned=len(spurned),
        first_wrong=first,
        note="; ".join(list(reasons)[:3]),
    )


def _share(bench: Bench) -> int:
    groups = sum(item.rows > 0 for item in bench.asked)
    return max(bench.options.runtime_rows // max(groups, 1), 1)


def _pieces(
    post: Post,
    reference: Reference,
    asked: Asked,
    share: int,
    reasons: dict[str, None],
) -> Iterator[tuple[Batch, Outputs]]:
    """Some rows of a group: together if the runtime takes them, else one by one."""
    if asked.native is None or not asked.rows:
        return
    rows = np.linspace(0, asked.rows - 1, min(share, asked.rows)).astype(np.intp)
    if asked.group.chunk != 1:
        batch = take(asked.batch, rows)
        status, body = post(payload(batch))
        if status == 200:
            yield from _said(reference, asked, rows)
            return
        reasons.setdefault(f"{asked.group.name}: {_message(body)}")
    for row in rows:
        yield from _said(reference, asked, np.array([row]))


def _said(
    reference: Reference, asked: Asked, rows: NDArray[np.intp]
) -> Iterator[tuple[Batch, Outputs]]:
    """*rows* and their answers; asked again, if the rows left out change their gaps."""
    assert asked.native is not None
    batch = take(asked.batch, rows)
    said = as_requested(batch)
    if same_gaps(batch, said):
        yield batch, only(asked.native, rows)
        return
    found = reference.predict(said)
    if not isinstance(found, Refusal):
        yield said, found


def _taken(post: Post, bench: Bench, asked: Asked, share: int) -> Iterator[str]:
    """Rows that the model refuses, each posted: what is wrong if they are answered."""
    most = min(max(share, SPURNED), len(asked.spurned))
    chosen = np.linspace(0, len(asked.spurned) - 1, most)
    for at in chosen.astype(np.intp):
        row, reason = asked.spurned[at]
        alone = take(asked.group.batch, np.array([row]))
        said = as_requested(alone)
        if not same_gaps(alone, said):
            found = bench.reference.predict(said)
            if not isinstance(found, Refusal):
                continue
            reason = found.reason
        status, message = _told(post, said)
        if 400 <= status < 500 or _minds_solitude(bench.reference, said):
            yield ""
        else:
            shown = describe_row(said, 0, limit=200)
            yield (
                f"in {asked.group.name!r}: the model refuses {shown} ({reason}), "
                f"the runtime says {status} {message}".rstrip()
            )


def _minds_solitude(reference: Reference, alone: Batch) -> bool:
    """Whether the model answers the row twice: it raises for any single row, then."""
    twice = take(alone, np.zeros(2, np.intp))
    return not isinstance(reference.predict(twice), Refusal)


def only(outputs: Outputs, rows: NDArray[np.intp]) -> Outputs:
    """The answers to *rows* alone."""
    return Outputs(outputs.form, {n: a[rows] for n, a in outputs.arrays.items()})


def _answer(post: Post, batch: Batch) -> Any:
    """The predictions; None if the caller is told that the rows are not acceptable."""
    status, body = post(payload(batch))
    if status == 200:
        return json.loads(body)["predictions"]
    return None if 400 <= status < 500 else f"status {status}: {_message(body)}"


def _told(post: Post, batch: Batch) -> tuple[int, str]:
    status, body = post(payload(batch))
    return status, "" if status == 200 else _message(body)


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body).get("message", ""))[:160]
    except ValueError:
        return repr(body[:160])


def _wrong_rows(
    batch: Batch, native: Outputs, body: Any, precision: Precision, bench: Bench
) -> list[str]:
    """What is wrong, a line a row; empty if the answers are the model's."""
    try:
        found = parse(body, native)
    except (TypeError, ValueError, KeyError) as cause:
        return [f"the answer cannot be read back: {brief(cause)}"]
    expected = _as_json_says(native)
    margins = tie_margins(bench, batch, (expected, found))
    tolerance = tolerance_for(precision, native, bench.options)
    result = compare(expected, found, tolerance, margins, bench.labels)
    if result.fault:
        return [result.fault]
    return [
        f"the model says {miss.native}, the runtime {miss.candidate}, for "
        f"{describe_row(batch, miss.row, limit=200)}"
        for output in result.outputs
        for miss in output.worst
        if miss.excess > 1
    ]


def _as_json_says(native: Outputs) -> Outputs:
    """JSON has one word, null, for NaN and both infinities."""
    return Outputs(
        native.form,
        {
            name: np.where(np.isfinite(a), a, np.nan) if kind_of(a) == "score" else a
            for name, a in native.arrays.items()
        },
    )
