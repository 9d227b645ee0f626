"""A crash in native code ends as an error with a reason, not as a silent loop."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from lambda_runtime.crash import REMEMBERED_S, watched
from lambda_runtime.faults import BrokenBundle
from tests.fakes.bundle import EVENT, native_library, write_mapped_bundle
from tests.fakes.loop_process import ROOT, Runtime

CRASHING = ROOT / "tests/fakes/crashing_app.py"
WRITTEN = 'Fatal Python error: Segmentation fault\n\n  File "x.py", line 7 in load\n'


@pytest.fixture
def environ(tmp_path):
    """A bundle whose weights are mapped, and a folder that outlives the process."""
    return {
        "MLFLOW_SERVERLESS_BUNDLE": str(write_mapped_bundle(tmp_path / "bundle")),
        "MLFLOW_SERVERLESS_ORT": str(native_library()),
        "MLFLOW_SERVERLESS_SCRATCH": str(tmp_path / "scratch"),
    }


def notes(tmp_path: Path) -> list[Path]:
    return list(tmp_path.glob("scratch-crash*"))


def test_a_graph_that_crashes_the_engine_is_an_init_error(environ, tmp_path):
    """The first process dies by a signal; the next says why it does not try again."""
    with Runtime(CRASHING, **environ, CUT="quick") as first:
        assert -signal.SIGBUS == first.ended()
    write_mapped_bundle(tmp_path / "bundle")

    with Runtime(CRASHING, **environ, CUT="quick") as second:
        posted = second.api.wait_init_error()
        told = json.loads(posted.body)

        assert 1 == second.ended()
    assert "engine-crashed" == told["errorType"]
    assert (
        "while loading quick.onnx: Fatal Python error: Bus error"
        in (told["errorMessage"])
    )
    assert "ort_c.py" in told["errorMessage"] or "call.py" in told["errorMessage"]


def test_a_crash_after_the_answer_is_not_repeated(environ, tmp_path):
    """The variant that crashed the last process is given up; the first one serves."""
    with Runtime(CRASHING, **environ, CUT="fast") as first:
        assert ["response"] * 2 == [first.api.invoke(EVENT).kind for _ in range(2)]
        assert -signal.SIGBUS == first.ended()
    write_mapped_bundle(tmp_path / "bundle")

    with Runtime(CRASHING, **environ, CUT="fast") as second:
        assert ["response"] * 4 == [second.api.invoke(EVENT).kind for _ in range(4)]
        told = second.err.decode()
    assert "serving.steady-failed variant=fast" in told
    assert "crashed while loading fast.onnx" in told


def test_nothing_is_left_behind_by_a_process_that_does_not_crash(environ, tmp_path):
    """Neither after loading nor after the swap."""
    with Runtime(CRASHING, **environ, CUT="none") as runtime:
        for _ in range(4):
            assert "response" == runtime.api.invoke(EVENT).kind
            assert [] == notes(tmp_path)


def test_a_process_that_was_killed_is_no_reason_to_refuse(tmp_path):
    """Out of memory or of time: the note is empty, and the next one tries."""
    note = tmp_path / "note"
    note.touch()

    assert 7 == watched(str(note), "m.onnx", lambda: 7)
    assert not note.exists()


def test_an_old_crash_is_forgotten(tmp_path):
    """After a while somebody may have mended it: one process tries again."""
    note = tmp_path / "note"
    note.write_text(WRITTEN)
    with pytest.raises(BrokenBundle, match=r"Segmentation fault, File.*x\.py"):
        watched(str(note), "m.onnx", lambda: 7)

    past = note.stat().st_mtime - REMEMBERED_S - 1
    os.utime(note, (past, past))

    assert 7 == watched(str(note), "m.onnx", lambda: 7)


def test_a_failure_is_no_crash(tmp_path):
    """What load raises goes through, and nothing is left."""
    note = tmp_path / "note"

    def refused() -> int:
        raise BrokenBundle("graph-refused", "no")

    with pytest.raises(BrokenBundle, match="no"):
        watched(str(note), "m.onnx", refused)
    assert not note.exists()


def test_two_processes_may_load_the_same(tmp_path):
    """One is ready while the other is still loading; neither minds."""
    note = str(tmp_path / "note")

    assert 7 == watched(note, "m.onnx", lambda: watched(note, "m.onnx", lambda: 7))
    assert [] == list(tmp_path.iterdir())


def test_where_nothing_may_be_written_it_still_loads(tmp_path):
    """A read-only disk takes no note."""
    assert 7 == watched(str(tmp_path / "no/such/note"), "m.onnx", lambda: 7)
