"""Opening a session: ours against `InferenceSession(bytes)`."""

import tempfile
from pathlib import Path

from benchmarks.engine_load import compare
from benchmarks.table import Gate, Section

SIZES = {100: (1 / 15, 1 / 50), 400: (1 / 40, 1 / 100)}
"""Megabytes: require, aim."""


def run() -> Section:
    """Dense models of random weights, in fresh processes."""
    rows, gates = [], []
    with tempfile.TemporaryDirectory() as folder:
        for megabytes, (require, aim) in SIZES.items():
            found = compare(Path(folder), megabytes)
            rows += [
                [
                    f"{megabytes} MB",
                    way,
                    f"{figures['load_ms']:.1f} ms",
                    f"{figures['rss']:.2f}",
                ]
                for way, figures in found.items()
            ]
            ours, usual = found["mapped"], found["bytes"]
            gates += [
                Gate(
                    f"session load / bytes, {megabytes} MB",
                    ours["load_ms"] / usual["load_ms"],
                    require,
                    aim,
                    number=3,
                ),
                Gate(
                    f"RSS growth at load / model bytes, {megabytes} MB",
                    ours["rss"],
                    1.35,
                    1.05,
                    number=4,
                ),
            ]
    return Section(
        "Session load",
        "Dense models of random weights. Ours maps page-aligned weights beside the graph "
        "and lays none out; the usual way reads the file into bytes. The "
        "library's environment is made before, as importing python onnxruntime does. "
        "Memory is peak growth over the bytes of the model.",
        ("model", "way", "load", "RSS / bytes"),
        rows,
        gates,
    )
