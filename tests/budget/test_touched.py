"""What a cold start fetches from an image, in files and in chunks of 512 KiB."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.bundle import EVENT, native_library, write_bundle
from tests.fakes.loop_process import ENTRY, ROOT, Runtime

CHUNKS, FILES = 180, 90
"""Touched from exec to the first answer, at most; Python's own are among them."""

PROBE = f"""
import sys, os
sys.path.append({str(ROOT)!r})
opened = [{str(ENTRY)!r}]
def watch(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        opened.append(os.fsdecode(args[0]))
sys.addaudithook(watch)
from lambda_runtime.engine.ahead import begin
begin(os.environ["MLFLOW_SERVERLESS_BUNDLE"])
import lambda_runtime.loop as loop
def told(api, handle, invocation, inner=loop._answer):
    outcome = inner(api, handle, invocation)
    read = [*opened, *GRAPHS]
    from tests.budget.touched import touched
    with open(REPORT, "w") as file:
        file.write(repr(touched(read)))
    return outcome
loop._answer = told
from lambda_runtime.start import main
main([], root={str(ROOT)!r}, born_ns=0)
"""
"""The real process, and the files that Python opens in it; C opens only the graph."""


@pytest.fixture(scope="module")
def touched(tmp_path_factory) -> dict[str, set[int]]:
    """Chunks by file at the first answer of a small model."""
    folder = tmp_path_factory.mktemp("touched")
    bundle = write_bundle(folder / "bundle")
    graphs = [str(path) for path in Path(bundle).glob("*.onnx")]
    report, program = folder / "report", folder / "probe.py"
    program.write_text(f"REPORT, GRAPHS = {str(report)!r}, {graphs!r}\n{PROBE}")
    environ = {
        "MLFLOW_SERVERLESS_BUNDLE": str(bundle),
        "MLFLOW_SERVERLESS_ORT": str(native_library()),
    }
    with Runtime(ENTRY, **environ) as compiled:
        compiled.api.invoke(EVENT)  # leaves compiled files behind
    with Runtime(program, **environ) as runtime:
        posted = runtime.api.invoke(EVENT)
        runtime.api.wait_polls(2)
    assert posted.kind == "response"
    found: dict[str, set[int]] = eval(report.read_text())
    return found


def test_few_chunks_are_touched(touched, record_testsuite_property):
    """Each may have to come over the network before the first answer."""
    counts = {path: len(chunks) for path, chunks in touched.items()}
    record_testsuite_property("chunks_touched", sum(counts.values()))

    assert sum(counts.values()) <= CHUNKS, sorted(
        counts.items(), key=lambda one: -one[1]
    )[:10]


def test_few_files_are_touched(touched, record_testsuite_property):
    """Native libraries, compiled modules, the bundle: all of them together."""
    record_testsuite_property("files_touched", len(touched))

    assert len(touched) <= FILES, sorted(touched)


def test_what_is_touched_is_what_is_meant(touched):
    """The count sees the library, a compiled module, the graph, and the manifest."""
    names = {Path(path).name.partition(".")[0] for path in touched}

    assert {"libonnxruntime", "loop", "manifest", "libc"} <= names
    assert len(touched[str(Path(native_library()).resolve())]) > 10
