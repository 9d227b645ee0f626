"""What callers feel of a shadow: the real loop, with every request mirrored.

Requests arrive at a steady rate, whether the last one's aftermath is over or not, so
that time spent after an answer is felt by the next caller, as it would be in an
environment that has no rest.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
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
BOOTSTRAPS = 2000


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


def _p99s(found: dict[str, list[list[float]]], *names: str) -> list[float]:
    """Of each round, the 99th percentile of what *names* took in it together [us]."""
    rounds = zip(*(found[name] for name in names), strict=True)
    return [_at(sorted(us for one in round_ for us in one), 0.99) for round_ in rounds]


def _ratio(shadowed: list[float], plain: list[float]) -> tuple[float, float, float]:
    """Median over the rounds of their ratio, and 95 % of its bootstrap around it."""
    ratios = [one / other for one, other in zip(shadowed, plain, strict=True)]
    draw = random.Random(0)
    medians = sorted(
        statistics.median(draw.choices(ratios, k=len(ratios)))
        for _ in range(BOOTSTRAPS)
    )
    return statistics.median(ratios), _at(medians, 0.025), _at(medians, 0.975)


def _section(found: dict[str, list[list[float]]]) -> Section:
    plain = _p99s(found, NONE, AGAIN)
    ratios = {mode: _ratio(_p99s(found, mode), plain) for mode in MODES}
    alike = _ratio(_p99s(found, AGAIN), _p99s(found, NONE))
    gates = tuple(
        Gate(f"p99 with a shadow at 100 % ({mode}) / without", ratio, 1.05, 1.01)
        for mode, (ratio, _, _) in ratios.items()
    )
    rows = [
        [name, *(f"{_median(found[name], part):.0f}" for part in (0.5, 0.95, 0.99)),
         _range(ratios.get(name))]
        for name in found
    ]  # fmt: skip
    return Section(
        "Shadow",
        f"One row, {PER_SECOND} requests a second to one environment, every one "
        "mirrored; from a request's arrival to its answer [us], medians over "
        f"{ROUNDS} interleaved rounds of {REQUESTS}. The candidate's side accepts at "
        "once (quick), after a second (slow), never (hang), or refuses (error). The "
        "ratio is of p99 within each round to both without a shadow, its median and "
        "95 % of the bootstrap; that of the two that are alike is "
        f"{_range(alike)}.",
        ("", "p50", "p95", "p99", "p99 / without"),
        rows,
        gates,
    )


def _median(rounds: list[list[float]], part: float) -> float:
    return statistics.median(_at(values, part) for values in rounds)


def _range(ratio: tuple[float, float, float] | None) -> str:
    if ratio is None:
        return ""
    median, low, high = ratio
    return f"{median:.3f} ({low:.3f} to {high:.3f})"
