"""A process that has answered a hundred thousand requests is no larger for it."""

from __future__ import annotations

import os
import subprocess

import pytest

from benchmarks import soak
from tests.fakes.loop_process import ENTRY, LEAN, ROOT

REQUESTS = 100_000
THROUGH_THE_LOOP = int(os.environ.get("SOAK_REQUESTS", "5000"))
"""`make bench` sends 100,000 (`benchmarks/soak.py`)."""

ALLOWED_KB = 512
"""Growth that is the allocator's, not ours [kB]; 5 bytes a request."""


@pytest.mark.slow
def test_memory_is_flat(bundle):
    """Predictions, refusals and odd paths in turn leave nothing behind."""
    done = subprocess.run(
        [*LEAN, str(ROOT / "tests/fakes/endurance.py"), str(REQUESTS)],
        env={"PATH": os.environ["PATH"], **bundle},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )

    assert int(done.stdout) <= ALLOWED_KB


@pytest.mark.slow
def test_memory_is_flat_through_the_loop(bundle):
    """The real process on the real socket, telemetry and all, is no larger either."""
    growth_kb = soak.growth_kb((*LEAN, str(ENTRY)), bundle, THROUGH_THE_LOOP)

    assert growth_kb <= ALLOWED_KB
