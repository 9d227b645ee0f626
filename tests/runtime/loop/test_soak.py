"""A process that has answered a hundred thousand requests is no larger for it."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.fakes.loop_process import LEAN, ROOT

REQUESTS = 100_000
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
