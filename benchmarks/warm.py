"""Warm requests: our loop, a careful Python handler, and HTTP servers."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from benchmarks import images, models, servers
from benchmarks.bundles import bundle_of, runtime_command
from benchmarks.runtime_api import Timed, beside
from benchmarks.table import Gate, Section

ROWS = {1: (60, 20), 32: (30, 10), 1000: (15, 4)}
"""Rows: turns, and requests of each contestant in a turn."""

OURS = "lambda_runtime"
PLAIN = "lambda_runtime, no orjson"
SLIM = "awslambdaric + python-onnxruntime"
SAME = "awslambdaric + python-onnxruntime, our graph"
MLFLOW = "mlflow models serve"
EMPTY = "our loop, empty handler"
EMPTY_RIC = "awslambdaric, empty handler"

Ask = Callable[[list], tuple[bytes, float]]


def run() -> Section:
    """Time every way of serving the same logistic regression, in turn."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stack.enter_context(beside())
        asks, missing = contestants(Path(folder), stack)
        figures = {rows: measured(asks, rows) for rows in ROWS}
    return section(figures, missing)


def contestants(work: Path, stack: ExitStack) -> tuple[dict[str, Ask], list[str]]:
    """All ways of serving, started; and why some are not there."""
    import mlflow.sklearn
    from skl2onnx import to_onnx

    model, graph = models.logistic(), work / "model.onnx"
    stock = to_onnx(model, models.table(1)[0], options={"zipmap": False})
    graph.write_bytes(stock.SerializeToString())
    mlflow.sklearn.save_model(
        model, work / "mlflow", pip_requirements=["scikit-learn"],
        input_example=models.table(2)[0], pyfunc_predict_fn="predict_proba",
    )  # fmt: skip
    asks = {
        name: _asking(stack.enter_context(closing(Timed(*how))))
        for name, how in _loops(bundle_of(model, work / "bundle"), graph).items()
    }
    made: dict[str, Callable[[], servers.Server]] = {
        MLFLOW: lambda: servers.mlflow(work / "mlflow"),
        "MLServer": lambda: servers.mlserver(work / "mlserver", model),
        "BentoML": lambda: servers.bentoml(work / "bento", graph),
    }
    missing = []
    for name, make in made.items():
        try:
            served = stack.enter_context(closing(servers.Served(make())))
            served.ask(models.table(1)[0].tolist())
        except (OSError, RuntimeError, servers.subprocess.CalledProcessError) as cause:
            missing.append(f"{name} is not measured: {cause}")
        else:
            asks[name] = served.ask
    return asks, missing


def _loops(
    bundle: Path, graph: Path
) -> dict[str, tuple[Sequence[str], dict[str, str]]]:
    """Processes behind a Runtime API: command and environment."""
    ours, environment = runtime_command(bundle)
    bare = [*ours[:-1], str(images.PEERS / "bare/bootstrap.py")]

    def ric(folder: str, model: Path) -> tuple[list[str], dict[str, str]]:
        path = str(images.PEERS / folder)
        command = [sys.executable, "-m", "awslambdaric", "handler.handle"]
        return command, {**os.environ, "MODEL": str(model), "PYTHONPATH": path}

    return {
        OURS: (ours, environment),
        PLAIN: (ours, {**environment, "MLFLOW_SERVERLESS_AFTER_MS": "0"}),
        SLIM: ric("slim", graph),
        SAME: ric("slim", bundle / "portable.onnx"),
        EMPTY: (bare, {"PYTHONPATH": "", "ROOT": str(images.ROOT)}),
        EMPTY_RIC: ric("null", graph),
    }


def _asking(timed: Timed) -> Ask:
    return lambda rows: timed.ask(servers.plain(rows))


def measured(asks: dict[str, Ask], rows: int) -> dict[str, float]:
    """Each contestant's median [us] for requests of *rows*, measured in turn."""
    turns, each = ROWS[rows]
    table = models.table(1000)[0][:rows].tolist()
    figures: dict[str, list[float]] = {name: [] for name in asks}
    for turn in range(turns + 1):
        for name, ask in asks.items():
            took = [ask(table)[1] for _ in range(each)]
            if turn:
                figures[name] += took[each // 4 :]
    return {name: statistics.median(times) for name, times in figures.items()}


def section(figures: dict[int, dict[str, float]], missing: Sequence[str]) -> Section:
    """The table and its gates."""
    bounds = {
        (SLIM, 1): (0.6, 0.45, 6), (SLIM, 1000): (0.3, 0.12, 6),
        (MLFLOW, 1): (1 / 8, 1 / 20, 7), (MLFLOW, 1000): (1 / 6, 1 / 20, 7),
    }  # fmt: skip
    gates = [
        Gate(
            f"loop / {peer}, {rows} row{'s' if rows > 1 else ''}",
            figures[rows][OURS] / figures[rows][peer],
            require,
            aim,
            number=number,
        )
        for (peer, rows), (require, aim, number) in bounds.items()
        if peer in figures[rows]
    ]
    rows = [
        [name, *(f"{by_name[name]:.0f}" for by_name in figures.values())]
        for name in figures[1]
    ]
    text = (
        "A logistic regression over 32 features, JSON in and out; median per request "
        "[us], measured in turn on one processor, which each contestant shares with "
        "the one who asks. The loops are timed from handing out `next` to having the "
        "whole answer, the servers over HTTP keep-alive on loopback: a Lambda function "
        "has no HTTP server of its own, which is a structural advantage. `our graph` "
        "is ours in the peer's hands: exact in float64, it is four nodes, the stock "
        "converter's is one."
    )
    return Section(
        "Warm requests",
        " ".join([text, *missing]),
        ("", *(f"{count} row{'s' if count > 1 else ''}" for count in figures)),
        rows,
        gates,
    )
