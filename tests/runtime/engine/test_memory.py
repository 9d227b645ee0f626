"""Nothing leaks: memory is flat however long a session runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime.engine import graphs

ROOT = Path(__file__).parents[3]

RUNS = """
import os, sys
sys.path.insert(0, sys.argv[1])
from lambda_runtime.engine import open_session
from lambda_runtime.faults import Fault
from lambda_runtime.manifest import Variant
from lambda_runtime.tensor import Value

def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def opened(name):
    path = os.path.join(sys.argv[2], name)
    return open_session("ort-c", path, Variant("a", name), threads=1)

mixed, text, reshapes = opened("mixed"), opened("text"), opened("reshapes")

def work(count):
    for turn in range(count):
        n, k = 1 + turn % 7, 1 + turn % 11
        x, i = bytes(4 * n * k), bytearray(8 * n * k)
        mixed.run(
            {"x": Value("float32", (n, k), x), "i": Value("int64", (n, k), i)},
            ["sum", "top", "where"],
        )
        words = ["word %d" % (turn % 13), "nul\\0", "x" * 100]
        text.run({"x": Value("string", (3,), words)}, ["y"])
        bad = Value("int64", (1,), b"\\x63" + bytes(7))
        try:
            reshapes.run({"x": Value("float32", (2,), bytes(8)), "to": bad}, ["y"])
        except Fault:
            pass

def reopen(count):
    for _ in range(count):
        session = opened("mixed")
        x, i = Value("float32", (1, 1), bytes(4)), Value("int64", (1, 1), bytes(8))
        session.run({"x": x, "i": i}, ["sum"])
        session.close()

tasks = {"work": (work, 2000, 20000), "reopen": (reopen, 50, 300)}
task, warm, many = tasks[sys.argv[3]]
task(warm)
before = rss()
task(many)
print(rss() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "limit_mb"),
    [("work", 1.0), ("reopen", 2.0)],
    ids=["20000 runs of three graphs, one of them failing", "300 sessions"],
)
def test_memory_is_flat(tmp_path, task, limit_mb):
    """
    Runs of varying shapes, texts and failures, and sessions, give all of it back.
    """
    graphs.saved(graphs.mixed(), tmp_path / "mixed")
    graphs.saved(graphs.identity("string", ["n"]), tmp_path / "text")
    graphs.saved(graphs.reshapes(), tmp_path / "reshapes")

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", RUNS, str(ROOT), str(tmp_path), task],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip

    assert int(done.stdout) < limit_mb * 1e6
