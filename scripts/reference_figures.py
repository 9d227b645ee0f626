"""The README's figures, read off docs/benchmarks.md so that both say the same."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
BLOCK = re.compile(r"(<!-- figures.*?-->\n).*?(<!-- /figures -->)", re.DOTALL)
_GATE = re.compile(r"^\| (?:\d+ )?([^|]+) \| ([^|]+) \|", re.MULTILINE)
_START = re.compile(
    r"^\| forest[^|]* \| ([^|]+) \| ([\d.]+ ms)[^|]* \|.* \| ([^|]+) \|$", re.MULTILINE
)
_MADE = re.compile(r"Made by `make bench`,? (?:on )?(\d{4}-\d\d-\d\d)")

STARTS = {
    "lambda_runtime": "**mlflow_serverless**",
    "textbook ONNX handler": "an ONNX handler, as tutorials have it",
    "scikit-learn + joblib": "a handler with scikit-learn and joblib",
    "mlflow.pyfunc": "a handler with MLflow's `pyfunc`",
}
"""Contestants of the cold starts, and how readers know them."""

FASTER = {
    "loop / mlflow models serve, 1 row": "one row {} as fast as `mlflow models serve`",
    "loop / mlflow models serve, 1000 rows": "1,000 rows {}",
    "loop / awslambdaric + python-onnxruntime, 1 row": (
        "one row {} as fast as AWS's Python runtime with onnxruntime"
    ),
}
"""Gates that are a part of a peer's time: name, and what is said of it."""


def readme() -> str:
    """The README with today's figures."""
    made = "\n".join(_lines(BENCHMARKS.read_text(encoding="utf-8")))
    said = README.read_text(encoding="utf-8")
    return BLOCK.sub(lambda found: f"{found[1]}{made}\n{found[2]}", said)


def _lines(page: str) -> Iterator[str]:
    starts = {name: row for name, *row in _START.findall(page)}
    if starts:
        yield "| cold start of a forest of 200 trees | to the first answer | image |"
        yield "|---|---|---|"
    for name, said in STARTS.items():
        if name in starts:
            yield f"| {said} | {' | '.join(map(_thousands, starts[name]))} |"
    gates = dict(_GATE.findall(page))
    faster = [
        said.format(f"**{_times(gates[gate]):.3g} times**")
        for gate, said in FASTER.items()
        if gate in gates
    ]
    yield ""
    yield f"Warm, it answers {', '.join(faster)}."
    yield ""
    day = _MADE.search(page)
    when = f", {day[1]}" if day else ""
    yield f"<sub>Medians of one machine{when}: containers under Lambda's conditions,"
    yield "images above their base; warm, servers over HTTP on loopback. No real Lambda"
    yield "was measured. [All figures, and how](docs/benchmarks.md).</sub>"


def _thousands(figure: str) -> str:
    number, _, unit = figure.partition(" ")
    return f"{int(number):,} {unit}" if number.isdigit() else figure


def _times(figure: str) -> float:
    """How many times the peer's time is ours: `1/13.7` and `0.537` are ours over it."""
    above, _, below = figure.partition("/")
    return float(below or 1) / float(above)
