"""What callers feel of a shadow: the real loop, with every request mirrored.

Requests arrive at a steady rate, whether the last one's aftermath is over or not, so
that time spent after an answer is felt by the next caller, as it would be in an
environment that has no rest.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import models, servers
from benchmarks.bundles import bundle_of, runtime_command
from benchmarks.runtime_api import PROCESSOR, Timed, beside
from benchmarks.table import Gate, Section

MODES = ("quick", "slow", "hang", "error")
NONE, AGAIN = "no shadow", "no shadow, again"
"""The second tells how far two that are alike differ here."""
PER_SECOND = 100
REQUESTS = 400
ROUNDS = 30


class Paced(Timed):
    """Requests through the alias, at a rate of their own."""

    arn = f"{Timed.arn}:live"

    def latencies_us(self, payload: bytes) -> list[float]:
        """From each request's arrival to its answer [us]."""
        took = []
        start = time.perf_counter() + 0.01
        for number in range(REQUESTS):
            arrival = start + number / PER_SECOND
            while (now := time.perf_counter()) < arrival:
                time.sleep(max(0.0, arrival - now - 2e-4))
            _, served = self.ask_at(payload, arrival)
            took.append(served)
        return took


def run() -> Section:
    """Time one row with and without a shadow, in turns."""
    payload = servers.plain(models.table(1)[0].tolist())
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bundle = bundle_of(models.logistic(), Path(folder) / "bundle")
        command, environment = runtime_command(bundle)
        paced = {name: Paced(command, environment) for name in (NONE, AGAIN)}
        for mode in MODES:
            port = stack.enter_context(_sink(mode))
            shadow = {
                "MLFLOW_SERVERLESS_SHADOW": "live",
                "AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{port}",
            }
            paced[mode] = Paced(command, {**environment, **shadow})
        stack.enter_context(beside())
        for each in paced.values():
            stack.callback(each.close)
            each.latencies_us(payload)
        found = _in_turns(paced, payload)
    return _section(found)


def _in_turns(paced: dict[str, Paced], payload: bytes) -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = {name: [] for name in paced}
    for turn in range(ROUNDS):
        names = list(paced)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            found[name].append(sorted(paced[name].latencies_us(payload)))
    return found


@contextmanager
def _sink(mode: str) -> Iterator[int]:
    # A candidate runs elsewhere, and so does the Lambda API.
    elsewhere = os.sched_getaffinity(0) - {PROCESSOR} or {PROCESSOR}
    process = subprocess.Popen(
        ["taskset", "--cpu-list", ",".join(map(str, elsewhere)),
         sys.executable, "-m", "benchmarks.shadow_sink", mode],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _at(values: list[float], part: float) -> float:
    return values[min(len(values) - 1, int(part * len(values)))]


def _section(found: dict[str, list[list[float]]]) -> Section:
    table = {
        name: [statistics.median(_at(values, part) for values in rounds)
               for part in (0.5, 0.95, 0.99)]
        for name, rounds in found.items()
    }  # fmt: skip
    return described(table)


def described(table: Mapping[str, Sequence[float]]) -> Section:
    """
    The section of what was found.

    Args:
        table: To each name its p50, p95 and p99 [us].
    """
    plain = sorted((table[NONE][2], table[AGAIN][2]))
    gates = tuple(
        Gate(f"p99 with a shadow at 100 % ({mode}) / without",
             table[mode][2] / plain[0], 1.05, 1.01)
        for mode in MODES
    )  # fmt: skip
    return Section(
        "Shadow",
        f"One row, {PER_SECOND} requests a second to one environment, every one "
        "mirrored; from a request's arrival to its answer [us], medians over "
        f"{ROUNDS} interleaved rounds of {REQUESTS}. The candidate's side accepts at "
        "once (quick), after a second (slow), never (hang), or refuses (error). There "
        "are two without a shadow, which tell what a ratio is worth here: their p99 "
        f"differ by {plain[1] / plain[0] - 1:.0%}. The gates are against the lower one.",
        ("", "p50", "p95", "p99"),
        [[name, *(f"{us:.0f}" for us in figures)] for name, figures in table.items()],
        gates,
    )
