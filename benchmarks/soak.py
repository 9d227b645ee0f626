"""A hundred thousand requests through the real socket loop: memory stays flat."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.bundles import runtime_command
from benchmarks.runtime_api import Timed
from benchmarks.table import Gate, Section
from tests.fakes.bundle import EVENT, EVENTS, write_bundle

REQUESTS = 100_000
ALLOWED_KB = 512
"""Growth that is the allocator's, not ours [kB]; 5 bytes a request."""

ODD = (b"{", b'{"inputs": 7}', b"", b"[1, 2]")
"""Refused, each in another place."""


def growth_kb(
    command: Sequence[str], environment: Mapping[str, str], requests: int
) -> int:
    """How much larger a runtime is after so many *requests* than after a tenth [kB]."""
    with closing(Timed(command, environment)) as timed:
        events = [*(path.read_bytes() for path in sorted(EVENTS.glob("*.json"))), *ODD]
        for number in range(requests // 10):
            timed.ask(events[number % len(events)])
        before = timed.resident_kb()
        for number in range(requests):
            timed.ask(EVENT if number % 2 else events[number % len(events)])
        return timed.resident_kb() - before


def run() -> Section:
    """Predictions through every door, and refusals, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        command, environment = runtime_command(write_bundle(Path(folder)))
        grown = growth_kb(command, environment, REQUESTS)
    rows = [[f"{REQUESTS:,}", f"{grown} kB", f"{grown * 1024 / REQUESTS:.2f} B"]]
    return Section(
        "Soak",
        "Resident memory of the runtime's process after so many requests through its "
        "socket, less that after a tenth of them: every door, refusals between.",
        ("requests", "growth", "per request"),
        rows,
        (Gate("soak: growth", float(grown), ALLOWED_KB, 0.0, " kB"),),
    )
