"""What a cold start may cost, counted where the count is the same on every machine."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlflow_serverless.build.layers import lay_out_runtime
from mlflow_serverless.build.toolchain import this_python
from tests.budget.bundle import ROW, write_bundle
from tests.budget.dependencies import dependency_bytes

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

BUDGET_INSTRUCTIONS = 200e6
"""Exec to first prediction. Bare python is 28 M of it, the library's own start 90 M."""

BUDGET_RATIO = 0.4
"""Of what python onnxruntime with numpy needs for the same."""

BUDGET_RAW, BUDGET_GZ = 40e6, 15e6
"""What an image holds over Python itself [bytes]."""

HEAVY = {
    "numpy", "onnxruntime", "boto3", "botocore", "pydantic", "pandas", "mlflow",
    "typing", "dataclasses", "re", "enum", "json", "logging", "pathlib", "http", "ssl",
    "socket", "threading", "inspect", "importlib.metadata", "site",
}  # fmt: skip
"""Each costs 5 to 100 M instructions."""

OURS = [str(HERE / "first_prediction.py"), str(ROOT)]
PEERS = [str(HERE / "first_prediction_peer.py")]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(folder)
    return str(folder)


def run(*command: str):
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=True
    )


def instructions(*command: str):
    """Instructions that *command* executes, with its bytecode already compiled."""
    run(*command)
    tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = run(*tool, *command)
    (count,) = re.findall(r"Collected : (\d+)", done.stderr)
    return int(count)


def test_nothing_heavy_is_imported_before_the_first_prediction(bundle):
    """
    The modules at the first prediction are few, and none of the heavy ones.
    """
    done = run(sys.executable, "-I", "-S", *OURS, bundle, ROW.hex())

    modules = set(done.stdout.split()[1:])
    assert set() == HEAVY & modules
    assert len(modules) <= 80


def test_both_ways_answer_the_same(bundle):
    """
    What is compared computes the same: the bits of the prediction are equal.
    """
    ours = run(sys.executable, "-I", "-S", *OURS, bundle, ROW.hex())
    peers = run(sys.executable, "-I", *PEERS, bundle, ROW.hex())

    assert peers.stdout.split()[0] == ours.stdout.split()[0]


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("valgrind") is None,
    reason="valgrind counts (apt-get install valgrind)",
)
def test_instructions_to_the_first_prediction(bundle, record_testsuite_property):
    """
    A cold start stays within its budget, and far below python onnxruntime's.
    """
    ours = instructions(sys.executable, "-I", "-S", *OURS, bundle, ROW.hex())
    peers = instructions(sys.executable, "-I", *PEERS, bundle, ROW.hex())

    record_testsuite_property("instructions", ours)
    record_testsuite_property("instructions_peer", peers)
    assert ours <= BUDGET_INSTRUCTIONS, f"{ours / 1e6:.0f} M instructions"
    assert ours <= BUDGET_RATIO * peers, f"{ours / 1e6:.0f} of {peers / 1e6:.0f} M"


def test_dependencies_are_small(tmp_path, record_testsuite_property):
    """
    The library and the runtime are all that an image adds to Python.
    """
    lay_out_runtime(tmp_path, this_python())
    raw, packed = dependency_bytes(tmp_path)

    record_testsuite_property("bytes", raw)
    record_testsuite_property("bytes_gz", packed)
    assert raw <= BUDGET_RAW
    assert packed <= BUDGET_GZ
