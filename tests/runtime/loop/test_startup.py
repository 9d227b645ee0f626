"""What a cold start may cost: modules, files, sockets. The figures are budgets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fakes.bundle import EVENT, write_bundle
from tests.fakes.code_lines import code_lines
from tests.fakes.loop_process import ENTRY, ROOT, Runtime

HEAVY = {
    "numpy", "onnxruntime", "boto3", "botocore", "pydantic", "pandas", "mlflow",
    "mlflow_serverless", "json", "re", "typing", "dataclasses", "logging", "enum",
    "http", "ssl", "socket", "pathlib", "threading", "asyncio", "uvicorn", "inspect",
    "orjson", "random", "secrets", "uuid",
}  # fmt: skip
"""The last three draw randomness when they are imported: a snapshot would share it."""

MODULES = 110
"""Modules loaded at the first answer, at most."""

LINES = 3_500
"""Lines of our own code loaded by the first answer, at most (ADR 0008)."""

FILES = 90
"""Files opened by then, at most."""

PROBE = """
import sys, os
opened, sockets = [], []
def watch(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        opened.append(os.fsdecode(args[0]))
    elif event == "socket.connect":
        sockets.append(str(args[1]))
    elif event in ("socket.sendto", "socket.getaddrinfo", "os.posix_spawn", "os.fork"):
        sockets.append(event)
sys.addaudithook(watch)
sys.argv = [ENTRY]
import lambda_runtime.loop as loop
def told(api, handle, invocation, inner=loop._answer):
    outcome = inner(api, handle, invocation)
    report = [sorted(sys.modules), opened, sockets]
    with open(REPORT, "w") as file:
        file.write(repr(report))
    return outcome
loop._answer = told
from lambda_runtime.start import main
main([], root=ROOT, born_ns=0)
"""


@pytest.fixture(scope="module")
def first_answer(bundle, tmp_path_factory):
    """Modules, files and connections of the real process up to its first answer."""
    folder = tmp_path_factory.mktemp("probe")
    report, program = folder / "report", folder / "probe.py"
    head = f"ENTRY, ROOT, REPORT = {str(ENTRY)!r}, {str(ROOT)!r}, {str(report)!r}\n"
    path = f"import sys; sys.path.append({str(ROOT)!r})\n"
    program.write_text(head + path + PROBE)
    with Runtime(program, **bundle) as runtime:
        posted = runtime.api.invoke(EVENT)
        runtime.api.wait_polls(2)
        address = runtime.api.address
    assert posted.kind == "response"
    modules, files, sockets = eval(report.read_text())
    return {"modules": modules, "files": files, "sockets": sockets, "api": address}


def test_no_heavy_module_is_loaded_by_the_first_answer(first_answer):
    """Neither frameworks nor the standard library's expensive corners."""
    loaded = {name.partition(".")[0] for name in first_answer["modules"]}

    assert set() == loaded & HEAVY
    assert len(first_answer["modules"]) <= MODULES


def test_little_of_our_own_code_is_loaded(first_answer):
    """What every cold start pays for can be read in an hour; the rest waits."""
    ours = [name for name in first_answer["modules"] if "lambda_runtime" in name]
    paths = [ROOT.joinpath(*name.split(".")) for name in ours]
    files = [
        path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        for path in paths
    ]

    assert sum(map(code_lines, files)) <= LINES


def test_few_files_are_opened(first_answer):
    """Every file touched is a chunk that Lambda may have to fetch first."""
    assert len(set(first_answer["files"])) <= FILES


def test_nothing_is_connected_but_the_runtime_api(first_answer):
    """No name is looked up, no process started, no other address connected."""
    host, _, port = first_answer["api"].partition(":")

    assert [str((host, int(port)))] == first_answer["sockets"]


def test_no_socket_is_open_but_the_runtime_apis(bundle):
    """As the kernel sees it, native libraries included, after some requests."""
    with Runtime(ENTRY, **bundle) as runtime:
        for _ in range(3):
            runtime.api.invoke(EVENT)
        fds = Path(f"/proc/{runtime.process.pid}/fd").iterdir()
        sockets = [link for link in map(os.readlink, fds) if link.startswith("socket:")]
        tasks = list(Path(f"/proc/{runtime.process.pid}/task").iterdir())

        assert 1 == len(sockets)
        assert 1 == len(tasks)


def test_the_second_engine_is_found_though_packages_are_not_searched(bundle, tmp_path):
    """What needs installed packages finds them, and answers the same."""
    second = {**bundle, "MLFLOW_SERVERLESS_BUNDLE": str(tmp_path)}
    write_bundle(tmp_path, engine="ort-python")
    with Runtime(ENTRY, **bundle) as first, Runtime(ENTRY, **second) as other:
        expected, actual = first.api.invoke(EVENT), other.api.invoke(EVENT)

    assert ("response", expected.body) == (actual.kind, actual.body)


def test_nothing_is_written_on_a_read_only_file_system(bundle, tmp_path):
    """A bundle beside the code needs no scratch space at all."""
    scratch = tmp_path / "none"
    with Runtime(
        ENTRY, **{**bundle, "MLFLOW_SERVERLESS_SCRATCH": str(scratch)}
    ) as runtime:
        runtime.api.invoke(EVENT)

    assert not scratch.exists()
