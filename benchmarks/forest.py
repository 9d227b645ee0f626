"""A large forest: ready to serve, and its size, against what converters make."""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import joblib
from skl2onnx import to_onnx

from benchmarks import models
from benchmarks.bundles import bundle_of, ort_library
from benchmarks.images import ROOT
from benchmarks.table import Gate, Section

OURS = """
import sys, time
sys.path.insert(0, sys.argv[1])
from lambda_runtime.engine import open_session
from lambda_runtime.engine.capi import api_at
from lambda_runtime.manifest import Variant
api_at(sys.argv[2]).env
start = time.perf_counter()
open_session("ort-c", sys.argv[3], Variant("v", sys.argv[3], optimised=True), threads=1)
print((time.perf_counter() - start) * 1e3)
"""
USUAL = """
import sys, time, onnxruntime as ort
start = time.perf_counter()
ort.InferenceSession(sys.argv[1])
print((time.perf_counter() - start) * 1e3)
"""
RUNS = 5


def run() -> Section:
    """Time to ready of each form, in fresh processes; sizes on disk."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        models.restart()
        model = models.forest()
        nodes = sum(tree.tree_.node_count for tree in model.estimators_)
        joblib.dump(model, work / "forest.joblib")
        stock = to_onnx(model, models.table(1)[0], options={"zipmap": False})
        (work / "v3.onnx").write_bytes(stock.SerializeToString())
        (work / "ours").mkdir()
        bundle = bundle_of(model, work / "ours")
        files = {
            "joblib": work / "forest.joblib",
            "ensemble v3 (skl2onnx)": work / "v3.onnx",
        }
        files |= {
            f"ours: {path.stem}": path for path in sorted(bundle.glob("**/*.onnx"))
        }
        return _section(files, nodes)


def _section(files: dict[str, Path], nodes: int) -> Section:
    taken: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(RUNS):
        for name, path in files.items():
            taken[name].append(_ready_ms(name, path))
    times = {name: statistics.median(found) for name, found in taken.items()}
    sizes = {name: _bytes(path) for name, path in files.items()}
    rows = [
        [
            name,
            f"{sizes[name] / 1e6:.1f} MB",
            f"{times[name]:.1f} ms" if times[name] else "",
        ]
        for name in files
    ]
    usual, pickled = "ensemble v3 (skl2onnx)", sizes["joblib"]
    ours = {name: ms for name, ms in times.items() if name.startswith("ours")}
    first = min(ours, key=lambda name: ours[name])
    gates = (
        Gate(
            f"forest of {nodes:,} nodes ready / v3 ensemble",
            times[first] / times[usual],
            1 / 15,
            1 / 40,
            number=5,
        ),
        Gate("forest artefact / joblib", sizes[first] / pickled, 0.35, 0.2, number=5),
    )
    return Section(
        "A large forest",
        f"200 trees, depth 12, {nodes:,} nodes: session creation in a fresh process, "
        "the library loaded and its environment made before, as importing python "
        "onnxruntime does. "
        "`gather` answers the first requests; `portable` (the tree operator) is built "
        "after the second answer and takes over.",
        ("form", "size", "ready"),
        rows,
        gates,
    )


def _ready_ms(name: str, path: Path) -> float:
    if name == "joblib":
        return 0.0
    command = [sys.executable, "-c", USUAL, str(path)]
    if name.startswith("ours"):
        command = [
            sys.executable,
            "-I",
            "-S",
            "-c",
            OURS,
            str(ROOT),
            str(ort_library()),
            str(path),
        ]
    done = subprocess.run(command, check=True, capture_output=True)
    return float(done.stdout.split()[-1])


def _bytes(path: Path) -> int:
    beside = path.with_suffix(".data")
    return path.stat().st_size + (beside.stat().st_size if beside.exists() else 0)
