"""The example of a rollout runs as it stands, and ends as it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "02-canary" / "demo.py"

REASONS = {
    "2": ("promoted", ("nothing wrong",)),
    "3": ("rolled back", ("far slower", "latency")),
    "4": ("rolled back", ("disagreement", "drift")),
    "5": ("rolled back", ("disagreement", "refusals")),
}


@pytest.mark.slow
@pytest.mark.emulator
def test_the_good_version_is_promoted_and_the_bad_ones_go_back(tmp_path):
    """
    Each for its own reason, under load, and no caller ever sees anything but answers.
    """
    done = subprocess.run(
        [sys.executable, str(DEMO), str(tmp_path / "out")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads((tmp_path / "out" / "rollouts.json").read_text())
    callers = said.pop("callers")

    assert {"answered"} == set(callers)
    assert {version: outcome for version, (outcome, _) in REASONS.items()} == {
        version: found["outcome"] for version, found in said.items()
    }
    for version, (_, words) in REASONS.items():
        assert said[version]["reason"].startswith(words)
    assert "ROLLED BACK" in done.stdout
    for version in REASONS:
        page = (tmp_path / "out" / f"rollout-{version}.html").read_text()
        assert page.startswith("<!doctype html>")
