"""Which feature costs what: instructions from exec to the first answer, by valgrind.

They are the same on every machine, quiet or not. The runtime is laid out as in an
image, with its bytecode in one file; the model is the small one of the tests. First the
start, one part after the other; then one feature more, each beside the plain start.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.table import Gate, Section
from mlflow_serverless.build.layers import lay_out_runtime
from mlflow_serverless.build.toolchain import this_python
from tests.fakes.bundle import (
    COLUMNS,
    EVENT,
    EVENTS,
    native_library,
    write_bundle,
    write_several,
)
from tests.fakes.loop_process import Runtime
from tests.fakes.s3_server import FakeS3, serving

PATIENCE_S = 1800
COUNTER = (
    "valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
)  # fmt: skip
PYTHON = (sys.executable, "-P", "-s", "-S")
"""As the image starts it (`-I -S`), but with the seed of hashes given: the same count
each time."""

_COUNT = re.compile(rb"I\s+refs:\s+([\d,]+)")

LOOP = """
import os, sys
sys.path.append(SITE)
from _signal import SIGTERM, signal
from lambda_runtime.loop import Outcome, serve
from lambda_runtime.runtime_api import RuntimeApi
api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
signal(SIGTERM, lambda *_: api.stop())
"""
"""The loop alone; what is added comes before its last line."""

SERVE = 'serve(api, lambda event: Outcome(b"[]"), lambda *_: None)\nos._exit(0)\n'
LIBRARY = """
from lambda_runtime.engine.capi import api_at
api_at(os.environ["MLFLOW_SERVERLESS_ORT"]).env
"""
SESSION = """
from lambda_runtime.engine import open_session
from lambda_runtime.manifest import Variant
graph = os.environ["MLFLOW_SERVERLESS_BUNDLE"] + "/model.onnx"
session = open_session("ort-c", graph, Variant("v", "model.onnx", run_us=5.0), threads=1)
"""
APP = """
from lambda_runtime.app import build
from lambda_runtime.settings import read
app = build(read(os.environ, root=SITE), born_ns=0)
"""


@dataclass(frozen=True)
class Start:
    """One way to start, and what is asked first."""

    name: str
    change: Callable[[Path], Mapping[str, str]] = lambda _folder: {}
    """Changes the bundle's folder; variables to add."""
    event: bytes = EVENT
    program: str = ""
    """Instead of the runtime's own; `SITE` is where that lies."""
    answers: int = 1
    own: Mapping[str, str] = field(default_factory=dict)


def run() -> Section:
    """Count the start's parts, and each feature."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        site = folder / "site"
        site.mkdir()
        lay_out_runtime(site, this_python())
        steps = [
            (start.name, _counted(start, site, folder / f"s{at}"))
            for at, start in enumerate(_steps())
        ]
        plain = steps[-1][1]
        features = [
            (start.name, _counted(start, site, folder / f"f{at}") - plain)
            for at, start in enumerate(_features(stack))
        ]
    return _section(steps, features)


def _section(steps: list[tuple[str, int]], features: list[tuple[str, int]]) -> Section:
    """The tables, as one: parts of the start, then what each feature adds."""
    plain, before = steps[-1][1], 0
    rows = []
    for name, count in steps:
        rows.append([name, _millions(count - before), _share(count - before, plain)])
        before = count
    rows.append(["**the first answer, all together**", _millions(plain), "100 %"])
    for name, more in sorted(features, key=lambda each: -each[1]):
        rows.append([f"+ {name}", _millions(more), _share(more, plain)])
    return Section(
        "Which feature costs what",
        "Millions of instructions from exec to the first answer, and the process's "
        "end, of the small model of the tests under this machine's Python. Above: the "
        "parts of a start, each beside the one before. Below, with `+`: what one more "
        "feature, or another way to ask, adds to that start; most cost nothing unless "
        "they are used, since their modules are loaded then.",
        ("", "M instructions", "of the start"),
        rows,
        (Gate("features: a start, in all", plain / 1e6, 200, 110, " M"),),
    )


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f}"


def _share(count: int, plain: int) -> str:
    return f"{count / plain:.0%}".replace("%", " %")


def _counted(start: Start, site: Path, folder: Path) -> int:
    """Instructions of one start, until it has answered and was told to end."""
    bundle = write_bundle(folder / "bundle")
    variables = {
        "MLFLOW_SERVERLESS_BUNDLE": str(bundle),
        "MLFLOW_SERVERLESS_ORT": str(native_library()),
        "MLFLOW_SERVERLESS_SCRATCH": str(folder / "scratch"),
        "MLFLOW_SERVERLESS_AFTER_MS": "0",
        "PYTHONHASHSEED": "0",
        **start.change(bundle),
        **start.own,
    }
    program: Path = site / "lambda_runtime/__main__.py"
    if start.program:
        program = folder / "program.py"
        program.write_text(f"SITE = {str(site)!r}\n{start.program}")
    with Runtime(program, by=(*COUNTER, *PYTHON), **variables) as runtime:
        for at in range(start.answers):
            posted = runtime.api.invoke(start.event, timeout_s=PATIENCE_S)
            runtime.api.wait_polls(at + 2, timeout_s=PATIENCE_S)
            if posted.kind != "response":
                raise RuntimeError(f"{start.name}: {posted.body!r}")
        _end(runtime)
        count = _count_in(runtime.err)
    print(f"   {count:>12,}  {start.name}", file=sys.stderr, flush=True)
    return count


def _end(runtime: Runtime) -> None:
    """Tell it until it hears: a signal just before it waits is heard after the wait."""
    while runtime.process.poll() is None:
        runtime.process.terminate()
        time.sleep(5)
    runtime.ended(PATIENCE_S)


def _count_in(said: bytes) -> int:
    found = _COUNT.search(said)
    if found is None:
        raise RuntimeError(said.decode(errors="replace")[-800:])
    return int(found[1].replace(b",", b""))


def _steps() -> Iterator[Start]:
    """A start in parts: each does what the one before does, and one thing more."""
    yield Start("Python, our loop, an answer made beforehand", program=LOOP + SERVE)
    yield Start(
        "ONNX Runtime: its library loaded and begun", program=LOOP + LIBRARY + SERVE
    )
    yield Start("the session", program=LOOP + LIBRARY + SESSION + SERVE)
    yield Start(
        "manifest, cache, protocol, a first run on nothing",
        program=LOOP + LIBRARY + APP + SERVE,
    )
    yield Start("the request itself, doors, telemetry, what runs after")


def _features(stack: ExitStack) -> Iterator[Start]:
    """One thing more than the plain start, each."""
    url = (EVENTS / "function-url.json").read_bytes()
    yield Start("through a function URL", event=url)
    yield Start("CSV, through it", event=_through_url("text/csv", _CSV))
    yield Start("Open Inference, through it", event=_through_url(
        "application/json", json.dumps(_INFER), path="/v2/models/small/infer"
    ))  # fmt: skip
    yield Start("the model refuses missing values", _with(_REFUSALS))
    yield Start("digests of the bundle checked", _with({"options": _VERIFIED}))
    yield Start("files from S3, into /tmp", _from_s3(stack))
    yield Start("several models: the first of two", _several)
    yield Start("watched as a version in a rollout",
                own={"MLFLOW_SERVERLESS_SHADOW": "live"})  # fmt: skip
    yield Start("a second answer", answers=2)
    yield Start("a second answer, then orjson for later ones", answers=2,
                own={"MLFLOW_SERVERLESS_AFTER_MS": "60000"})  # fmt: skip
    yield Start("no metric line (`MLFLOW_SERVERLESS_LOG=off`)",
                own={"MLFLOW_SERVERLESS_LOG": "off"})  # fmt: skip
    yield Start("a refused request (400)", event=b'{"inputs": 7}')
    yield Start("through a load balancer", event=(EVENTS / "alb.json").read_bytes())
    yield Start("python onnxruntime and numpy instead", _with({"engine": _SECOND}))


_CSV = "sepal length,sepal width\n5.0,3.5\n"
_INFER = {
    "inputs": [
        {"name": name, "shape": [1], "datatype": "FP64", "data": [5.0]}
        for name in COLUMNS
    ]
}
_REFUSALS = {"refusals": [{"value": "missing", "of": []}]}
_VERIFIED = {"cache": {"verify_bundle": True}}
_SECOND = {"kind": "ort-python", "why": "", "minimum": ""}


def _through_url(media: str, body: str, *, path: str = "/invocations") -> bytes:
    event = json.loads((EVENTS / "function-url.json").read_text())
    event |= {
        "rawPath": path, "headers": {"content-type": media},
        "body": body, "isBase64Encoded": False,
    }  # fmt: skip
    return json.dumps(event).encode()


def _with(fields: Mapping[str, object]) -> Callable[[Path], Mapping[str, str]]:
    """Change *fields* of the manifest."""

    def change(bundle: Path) -> Mapping[str, str]:
        path = bundle / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))
        return {}

    return change


def _several(bundle: Path) -> Mapping[str, str]:
    write_several(bundle, "fraud", "churn", memory_bytes=1_000_000)
    return {}


def _from_s3(stack: ExitStack) -> Callable[[Path], Mapping[str, str]]:
    """Move the graph into a bucket, which is there until *stack* is closed."""

    def change(bundle: Path) -> Mapping[str, str]:
        fake = FakeS3()
        address = stack.enter_context(serving(fake))
        (file,) = json.loads((bundle / "manifest.json").read_text())["files"]
        graph = bundle / file["path"]
        fake.objects[f"/bucket/models/{file['sha256']}"] = graph.read_bytes()
        graph.unlink()
        tiers = [
            {"kind": kind, "root": root, "budget_bytes": None}
            for kind, root in (("tmp", ""), ("s3", "s3://bucket/models"))
        ]
        _with({"tiers": tiers, "options": {"cache": {"timeout_s": PATIENCE_S}}})(bundle)
        return {
            "AWS_ENDPOINT_URL_S3": address, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-central-1",
        }  # fmt: skip

    return change


if __name__ == "__main__":
    print(run().markdown())
