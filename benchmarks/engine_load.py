"""How long a session takes to open, and what memory: ours against the usual way.

Usage: python benchmarks/engine_load.py [FOLDER]

Models of about 100 and 400 MB of random weights. Ours opens the graph with its weights
in a page-aligned file beside it, as the deployer packages them; the usual way reads
one file into bytes and hands them to python onnxruntime, all defaults. Each figure is
the median of interleaved runs in fresh processes, file cache warm; the library is
loaded, and its environment made, before the clock starts: importing python
onnxruntime does both.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

ROOT = Path(__file__).parents[1]
WIDTH = 1024
RUNS = 5

GATES = {100: 1 / 15, 400: 1 / 40}
"""Model size [MB]: most that our load may be of the usual one."""

RSS_GATE = 1.35
"""Most peak memory growth while loading, of the model's bytes."""

MEASURE = """
import json, os, struct, sys, time
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
way, path, root, width = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
sys.path.insert(0, root)
row = struct.pack(f"{width}f", *([0.01] * width))

def memory(name):
    with open("/proc/self/status") as file:
        (line,) = (line for line in file if line.startswith(name))
    return int(line.split()[1]) * 1024

if way == "bytes":
    import numpy as np
    import onnxruntime as ort
    def load():
        with open(path, "rb") as file:
            return ort.InferenceSession(file.read())
    def run(session):
        x = np.frombuffer(row, "float32").reshape(1, width)
        session.run(None, {"x": x})
else:
    from lambda_runtime.engine import open_session
    from lambda_runtime.engine.capi import api_at
    from lambda_runtime.engine.library import find_library
    from lambda_runtime.manifest import Variant
    from lambda_runtime.tensor import Value
    api_at(find_library()).env
    variant = Variant(
        way, path, optimised=True, prepack=way == "prepacked",
        format="ort" if path.endswith(".ort") else "onnx",
    )
    def load():
        return open_session("ort-c", path, variant, threads=1)
    def run(session):
        session.run({"x": Value("float32", (1, width), row)}, ["y"])

with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = memory("VmRSS")
t0 = time.perf_counter()
session = load()
t1 = time.perf_counter()
peak = memory("VmHWM") - before
run(session)
t2 = time.perf_counter()
ran = memory("VmHWM") - before
figures = {
    "load_ms": (t1 - t0) * 1e3, "run_ms": (t2 - t1) * 1e3,
    "peak": peak, "peak_run": ran,
}
os.write(1, json.dumps(figures).encode())
os._exit(0)
"""


def write_model(folder: Path, megabytes: int) -> tuple[Path, Path, int]:
    """One file, the same with its weights beside it, and the weights' bytes."""
    layers = round(megabytes * 1e6 / (WIDTH * WIDTH * 4))
    random = np.random.default_rng(megabytes)
    nodes, constants, last = [], [], "x"
    for layer in range(layers):
        weights = random.normal(size=(WIDTH, WIDTH), scale=0.03).astype("float32")
        constants.append(onnx.numpy_helper.from_array(weights, f"w{layer}"))
        nodes.append(helper.make_node("MatMul", [last, f"w{layer}"], [f"m{layer}"]))
        last = "y" if layer == layers - 1 else f"h{layer}"
        nodes.append(helper.make_node("Tanh", [f"m{layer}"], [last]))
    made = helper.make_model(
        helper.make_graph(
            nodes,
            "deep",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", WIDTH])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", WIDTH])],
            initializer=constants,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    whole, split = folder / f"{megabytes}.onnx", folder / f"{megabytes}-mapped.onnx"
    onnx.save(made, str(whole))
    # Every weight is a multiple of the page size, so every offset is one too.
    onnx.save(
        made,
        str(split),
        save_as_external_data=True,
        location=f"{megabytes}.data",
        size_threshold=1024,
    )
    return whole, split, layers * WIDTH * WIDTH * 4


def measure(way: str, path: Path) -> dict[str, float]:
    """One load and one run in a process of its own."""
    flags = ["-I"] if way == "bytes" else ["-I", "-S"]
    command = [sys.executable, *flags, "-c", MEASURE, way, str(path), str(ROOT)]
    done = subprocess.run(
        [*command, str(WIDTH)], capture_output=True, text=True, check=True, timeout=300
    )
    return json.loads(done.stdout)


def compare(folder: Path, megabytes: int) -> dict[str, dict[str, float]]:
    """Way to medians of its figures."""
    whole, split, size = write_model(folder, megabytes)
    paths = {"bytes": whole, "mapped": split, "prepacked": split}
    taken = [
        {way: measure(way, path) for way, path in paths.items()} for _ in range(RUNS)
    ]
    table = {}
    for way in paths:
        figures = {
            key: statistics.median(one[way][key] for one in taken)
            for key in taken[0][way]
        }
        figures["rss"] = figures["peak"] / size
        figures["rss_run"] = figures["peak_run"] / size
        table[way] = figures
    return table


def main() -> int:
    """Print the table; 1 if a gate is missed."""
    worst = 0
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as name:
        print("| model | way | load ms | of bytes | peak RSS / model | first run ms "
              "| peak RSS / model after it |")  # fmt: skip
        print("|---|---|---|---|---|---|---|")
        for megabytes, gate in GATES.items():
            table = compare(Path(name), megabytes)
            usual = table["bytes"]["load_ms"]
            for way, of in table.items():
                print(
                    f"| {megabytes} MB | {way} | {of['load_ms']:.1f} "
                    f"| 1/{usual / of['load_ms']:.1f} | {of['rss']:.2f} "
                    f"| {of['run_ms']:.1f} | {of['rss_run']:.2f} |"
                )
            ours = table["mapped"]
            worst |= ours["load_ms"] > gate * usual or ours["rss"] > RSS_GATE
    return int(worst)


if __name__ == "__main__":
    raise SystemExit(main())
