"""Cold start under AWS's emulator: container ready to first answer.

`python -m benchmarks cold` runs all of it, some ten minutes on a quiet machine;
`python -m benchmarks.cold MODEL...` only those models (`forest` has the gates).
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import images
from benchmarks.bundles import runtime_tree
from benchmarks.cases import CASES, FOREST, lay_out
from benchmarks.containers import Start, measure
from benchmarks.table import Gate, Section

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

Figures = dict[str, dict[str, list[Start]]]
"""By shape, then by contestant."""


def run(chosen: Sequence[str] = tuple(CASES)) -> Section:
    """Build an image a contestant, start each in turn with each model, and compare."""
    images.build_base()
    rows: list[list[str]] = []
    gates: tuple[Gate, ...] = ()
    with tempfile.TemporaryDirectory() as folder:
        tags = _build_all(Path(folder))
        sizes = {name: _size(tag) for name, tag in tags.items()}
        for key in chosen:
            print(f"-- {key}", file=sys.stderr, flush=True)
            figures = _measure_all(key, tags, lay_out(CASES[key], Path(folder) / key))
            rows += _rows(CASES[key].title, figures, sizes)
            if key == FOREST:
                gates = _gates(figures)
    return Section("Cold start", TEXT, HEADER, rows, gates)


def _build_all(work: Path) -> dict[str, str]:
    """Image tags by name; models are mounted, the same folder into each."""
    tags = {}
    for name, peer in images.PEERS_BY_NAME.items():
        tags[name] = images.build_peer(peer, work)
    tree = work / "ours" / "tree"
    command, environment = runtime_tree(tree)
    images.install_emulator(tree)
    tags[OURS] = "mlflow-serverless/bench-ours"
    images.build(tags[OURS], tree, command, environment)
    return tags


def _measure_all(key: str, tags: dict[str, str], model: Path) -> Figures:
    """Each contestant in turn, so that they share the machine's weather."""
    names = list(tags) if key == FOREST else [SLIM, TEXTBOOK, OURS]
    rows, figures = CASES[key].rows(), {}
    for shape, rounds in ROUNDS.get(key, ROUNDS[""]).items():
        figures[shape] = {name: [] for name in names}
        for _ in range(rounds):
            for name in names:
                start = measure(
                    tags[name], rows, OPTIONS[shape],
                    model=model, drop=shape == DROPPED,
                )  # fmt: skip
                figures[shape][name].append(start)
    return figures


HEADER = (
    "model", "", DEFAULT, "CPU", "second answer", "memory", HALF, DROPPED, "chunks",
    "files", "image",
)  # fmt: skip
TEXT = (
    "Containers under AWS's runtime interface emulator, read-only, non-root: from the "
    "emulator listening to the first answer; medians. All load the same folder. Each "
    "start but the `dropped` ones follows one that is not measured, as a machine may "
    "give up cached pages between two turns of one contestant. CPU is the processor "
    "time until the first answer, emulator included: what other load on the machine "
    "disturbs least. Memory is the most that the runtime's process held, mapped files "
    "included. Chunks of 512 KiB and files are what a start brought into an empty page "
    "cache, read-ahead included. Image is bytes above the base, without the model.\n\n"
    "The emulator hands an answer on only when the runtime asks for the next event. "
    "What `lambda_runtime` does after its second answer (a faster session, "
    "a faster JSON parser) therefore shows in `second answer` here; on Lambda the "
    "caller has the answer by then."
)


def _rows(title: str, figures: Figures, sizes: dict[str, int]) -> list[list[str]]:
    def of(shape: str, name: str, field: str) -> float:
        return _median(figures[shape][name], field)

    return [
        [
            title, name,
            f"{of(DEFAULT, name, 'ms'):.0f} ms",
            f"{of(DEFAULT, name, 'cpu_ms'):.0f} ms",
            f"{of(DEFAULT, name, 'second_ms'):.1f} ms",
            f"{of(DEFAULT, name, 'rss_mb'):.0f} MB",
            f"{of(HALF, name, 'ms'):.0f} ms",
            f"{of(DROPPED, name, 'ms'):.0f} ms",
            f"{of(DROPPED, name, 'chunks'):.0f}",
            f"{of(DROPPED, name, 'files'):.0f}",
            f"{sizes[name] / 1e6:.0f} MB",
        ]
        for name in figures[DEFAULT]
    ]  # fmt: skip


def _gates(figures: Figures) -> tuple[Gate, ...]:
    by_name = {name: _median(starts, "ms") for name, starts in figures[DEFAULT].items()}
    claims = {
        "MLflow pyfunc image": (PYFUNC, 1 / 25, 1 / 40),
        "textbook ONNX handler": (TEXTBOOK, 1 / 8, 1 / 15),
        "empty loop": (EMPTY, 6, 3),
    }
    return tuple(
        Gate(f"cold start / {said}", by_name[OURS] / by_name[name], require, aim)
        for said, (name, require, aim) in claims.items()
    )


def _median(starts: Sequence[Start], field: str) -> float:
    return statistics.median(getattr(start, field) for start in starts)


def _size(tag: str) -> int:
    """Bytes of an image above its base."""
    inspect = ["docker", "image", "inspect", "-f", "{{.Size}}"]
    sizes = [
        int(subprocess.run([*inspect, name], check=True, capture_output=True).stdout)
        for name in (tag, images.BASE)
    ]
    return sizes[0] - sizes[1]


def main(names: list[str]) -> int:
    """Measure the models named; prints, and writes no page."""
    unknown = sorted(set(names) - set(CASES))
    if unknown or not names:
        print(f"no model {', '.join(unknown)}; there are {', '.join(CASES)}")
        return 2
    section = run(names)
    print(section.markdown())
    for gate in section.gates:
        print(gate.row())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
