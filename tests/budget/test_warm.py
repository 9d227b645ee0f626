"""What a later request may cost, counted where the count is the same everywhere."""

import shutil

import pytest

from tests.fakes.bundle import EVENT, native_library, write_bundle
from tests.fakes.loop_process import ENTRY, LEAN, Runtime

INSTRUCTIONS = 235_000
"""Of a whole turn of the loop for one row of two columns, at most: event, prediction,
answer, log line. It takes 221,000."""

FEW, MANY = 30, 130


def instructions(folder, requests: int) -> int:
    """Of a process that answers so often, all told."""
    counted = folder / "counted"
    counter = (
        "valgrind", "--tool=cachegrind", "--cache-sim=no",
        f"--cachegrind-out-file={counted}", "-q", *LEAN,
    )  # fmt: skip
    settings = {
        "MLFLOW_SERVERLESS_BUNDLE": str(folder / "bundle"),
        "MLFLOW_SERVERLESS_ORT": str(native_library()),
        "PYTHONHASHSEED": "0",
    }
    with Runtime(ENTRY, by=counter, **settings) as runtime:
        for _ in range(requests):
            assert "response" == runtime.api.invoke(EVENT, timeout_s=90).kind
        runtime.process.terminate()
        assert 0 == runtime.ended(90)
    return int(counted.read_text().rpartition("summary:")[2])


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("valgrind") is None,
    reason="valgrind counts (apt-get install valgrind)",
)
def test_instructions_of_a_later_request(tmp_path, record_testsuite_property):
    """
    A turn of the loop stays within its budget.
    """
    write_bundle(tmp_path / "bundle")
    few = instructions(tmp_path, FEW)
    each = (instructions(tmp_path, MANY) - few) / (MANY - FEW)

    record_testsuite_property("instructions_per_request", each)
    assert each <= INSTRUCTIONS, f"{each:,.0f} instructions"
