"""Cold start under AWS's emulator: from its listening to the first answer.

Every single start is kept as soon as it is measured. Starts come in order of worth:
first the model with the gates, then the first round of all others.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import cases, counted, images
from benchmarks.bundles import ort_library, runtime_tree
from benchmarks.cases import CASES, FOREST
from benchmarks.containers import Start, measure
from benchmarks.kept import CACHE, Kept, digest_of
from benchmarks.table import Gate, Section

if TYPE_CHECKING:
    from benchmarks.plan import Plan

OURS = "lambda_runtime"
EMPTY, SLIM, TEXTBOOK = "empty loop", "slim python-onnxruntime", "textbook ONNX handler"
PYFUNC = "mlflow.pyfunc"

DEFAULT, HALF, DROPPED = "default", "0.5 CPU, 1024 MB", "page cache dropped"
OPTIONS = {DEFAULT: [], HALF: ["--cpus", "0.5", "-m", "1024m"], DROPPED: []}
ROUNDS = {
    FOREST: {DEFAULT: 7, HALF: 3, DROPPED: 3},
    "": {DEFAULT: 3, HALF: 1, DROPPED: 1},
}
"""Starts of each contestant: of the model with the gates, and of the others."""

Turn = tuple[str, str, int]
"""Model, shape, round."""


def run(plan: Plan) -> Section | None:
    """Start each contestant in turn with each model, as long as there is time."""
    names = [key for key in CASES if not plan.models or key in plan.models]
    prepare(names)
    for model, shape, number in _turns(names, plan.rounds):
        print(f"-- {model}, {shape}, {number}", file=sys.stderr, flush=True)
        for name in contestants(model):
            if plan.is_over():
                return section(plan.kept)
            key = _key(model, shape, name, number)
            if key in plan.kept:
                continue
            try:
                plan.kept.put(key, asdict(_start(name, model, shape)))
            except (OSError, RuntimeError) as cause:
                # One that cannot is missing from the table; the others are measured.
                print(f"{key}: {cause}", file=sys.stderr, flush=True)
    return section(plan.kept)


def prepare(models: Sequence[str]) -> None:
    """Make the images and the models that are not there yet; nothing is timed."""
    images.build_base()
    for model in models:
        cases.forms(model)
        for name in contestants(model):
            image_of(name, CASES[model].library)


def count(plan: Plan) -> None:
    """Count the instructions that are not counted yet, the quickest first."""
    names = [key for key in CASES if not plan.models or key in plan.models]
    prepare(names)
    # By how long one takes, so that a run that is cut short has most of them.
    every = [EMPTY, OURS, SLIM, TEXTBOOK, *images.PEERS_BY_NAME]
    for name in dict.fromkeys(every):
        for model in (model for model in names if name in contestants(model)):
            if plan.is_over():
                return
            print(f"-- {model}, {name}", file=sys.stderr, flush=True)
            instructions(name, model)


def contestants(model: str) -> list[str]:
    """Who can serve *model*; ours comes last."""
    library = CASES[model].library
    peers = [
        name for name, peer in images.PEERS_BY_NAME.items() if peer.serves(library)
    ]
    return [*peers, OURS]


def _turns(models: Sequence[str], rounds: int | None) -> Iterator[Turn]:
    def of(model: str) -> list[Turn]:
        wanted = ROUNDS.get(model, ROUNDS[""])
        most = {shape: rounds or usual for shape, usual in wanted.items()}
        return [
            (model, shape, number)
            for number in range(max(most.values()))
            for shape in OPTIONS
            if number < most[shape]
        ]

    if FOREST in models:
        yield from of(FOREST)
    others = [turn for model in models if model != FOREST for turn in of(model)]
    yield from sorted(others, key=lambda turn: turn[2])


def _key(model: str, shape: str, name: str, number: int) -> str:
    return f"cold/{model}/{shape}/{name}/{number}"


@cache
def image_of(name: str, library: str) -> str:
    """The tag of a contestant's image for models of *library*, made if need be."""
    if name != OURS:
        return images.build_peer(images.PEERS_BY_NAME[name], library)
    tag = f"{images.TAG}-ours"
    parts = ("lambda_runtime", "mlflow_serverless/build", "benchmarks/bundles.py")
    digest = digest_of(*parts, more=(ort_library().name,))
    if not images.is_there(tag, digest):
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder) / "tree"
            command, environment = runtime_tree(tree)
            images.install_emulator(tree)
            images.build(tag, tree, command, environment, digest)
    return tag


def _start(name: str, model: str, shape: str) -> Start:
    case = CASES[model]
    return measure(
        image_of(name, case.library), case.rows(), OPTIONS[shape],
        model=cases.forms(model), drop=shape == DROPPED,
    )  # fmt: skip


def instructions(name: str, model: str) -> int | None:
    """Of one contestant until its first answer; None where they cannot be counted."""
    kept = _counts(name, model)
    if "instructions" not in kept and not counted.can_count():
        return None
    case = CASES[model]
    tag = image_of(name, case.library)
    return kept.obtain(
        "instructions",
        lambda: counted.instructions(tag, case.rows(), cases.forms(model)),
    )


def _counts(name: str, model: str) -> Kept:
    """Where a count is kept: by image and model, not by run."""
    image = images.label(image_of(name, CASES[model].library))
    of_model = cases.digest(model, ours=name == OURS)
    return Kept(CACHE / "counts.jsonl", f"{image} {of_model}")


NONE = "-"
HEADER = (
    "model", "", DEFAULT, "CPU", "instructions", "second answer", "memory", HALF,
    DROPPED, "bytes", "chunks", "files", "image",
)  # fmt: skip
TEXT = (
    "Containers under AWS's runtime interface emulator, read-only, non-root: from the "
    "emulator listening to the first answer; medians, and how many starts they are of. "
    "All load the same folder; joblib is for scikit-learn's estimators only. Each "
    "start but the `dropped` ones follows one that is not measured, as a machine may "
    "give up cached pages between two turns of one contestant. CPU is the processor "
    "time until the first answer, emulator included: what other load on the machine "
    "disturbs least. Instructions are those of the process from exec to its first "
    "answer, counted by valgrind without the emulator. Memory is the most that the "
    "runtime's process held, mapped files included. Bytes, chunks of 512 KiB and files "
    "are what a start brought into an empty page cache, read-ahead included. Image is "
    "bytes above the base, without the model.\n\n"
    "The emulator hands an answer on only when the runtime asks for the next event. "
    "What `lambda_runtime` does after its second answer (a faster session, "
    "a faster JSON parser) therefore shows in `second answer` here; on Lambda the "
    "caller has the answer by then."
)


def section(kept: Kept) -> Section | None:
    """What is known so far; None without a single start."""
    rows = [
        row
        for model in CASES
        for name in contestants(model)
        if (row := _row(kept, model, name))
    ]
    return Section("Cold start", TEXT, HEADER, rows, _gates(kept)) if rows else None


def starts(kept: Kept, model: str, shape: str, name: str) -> list[Start]:
    """All starts of one kind that were measured."""
    found, number = [], 0
    while _key(model, shape, name, number) in kept:
        found.append(Start(**kept.get(_key(model, shape, name, number))))
        number += 1
    return found


def _row(kept: Kept, model: str, name: str) -> list[str]:
    by = {shape: starts(kept, model, shape, name) for shape in OPTIONS}
    if not any(by.values()):
        return []

    def of(shape: str, field: str, form: str, unit: str = "") -> str:
        if not by[shape]:
            return NONE
        return f"{_median(by[shape], field):{form}}{unit}"

    counted_ = _counts(name, model).get("instructions")
    return [
        CASES[model].title, name,
        f"{of(DEFAULT, 'ms', '.0f', ' ms')} ({len(by[DEFAULT])})",
        of(DEFAULT, "cpu_ms", ".0f", " ms"),
        f"{counted_ / 1e6:,.0f} M" if counted_ else NONE,
        of(DEFAULT, "second_ms", ".1f", " ms"),
        of(DEFAULT, "rss_mb", ".0f", " MB"),
        of(HALF, "ms", ".0f", " ms"),
        of(DROPPED, "ms", ".0f", " ms"),
        of(DROPPED, "read_mb", ".0f", " MB"),
        of(DROPPED, "chunks", ".0f"),
        of(DROPPED, "files", ".0f"),
        f"{_size(image_of(name, CASES[model].library)) / 1e6:.0f} MB",
    ]  # fmt: skip


def _gates(kept: Kept) -> tuple[Gate, ...]:
    by_name = {
        name: found
        for name in contestants(FOREST)
        if (found := starts(kept, FOREST, DEFAULT, name))
    }
    claims = {
        "MLflow pyfunc image": (PYFUNC, 1 / 25, 1 / 40),
        "textbook ONNX handler": (TEXTBOOK, 1 / 8, 1 / 15),
        "empty loop": (EMPTY, 6, 3),
    }
    return tuple(
        Gate(f"cold start / {said}", _ratio(by_name, name), require, aim, number=1)
        for said, (name, require, aim) in claims.items()
        if {name, OURS} <= by_name.keys()
    )


def _ratio(by_name: dict[str, list[Start]], peer: str) -> float:
    return _median(by_name[OURS], "ms") / _median(by_name[peer], "ms")


def _median(found: Sequence[Start], field: str) -> float:
    return statistics.median(getattr(start, field) for start in found)


@cache
def _size(tag: str) -> int:
    """Bytes of an image above its base."""
    inspect = ["docker", "image", "inspect", "-f", "{{.Size}}"]
    sizes = [
        int(subprocess.run([*inspect, name], check=True, capture_output=True).stdout)
        for name in (tag, images.BASE)
    ]
    return sizes[0] - sizes[1]
