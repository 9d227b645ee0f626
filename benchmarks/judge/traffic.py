"""Simulated minutes of two versions, as the cells that a look would see."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.signal import lfilter
from scipy.stats import norm

from benchmarks.judge.worlds import Fault, Traffic
from mlflow_serverless.observe import Cell, Histogram, Seen

CELL_S = 60.0
_SLOWEST = float(norm.isf(0.1))
_INCIDENT = 10
"""Minutes."""
_BURST = 0.04
"""Of a version's requests fail."""


@dataclass
class Version:
    """One version's stream of latencies, with its memory."""

    rng: np.random.Generator
    world: Traffic
    last: float = 0.0

    def latencies(self, n: int, minute: float, fault: Fault) -> np.ndarray:
        """Those of the next *n* requests [us]."""
        world, z = self.world, self._noise(n)
        day = np.exp(world.swing * np.sin(minute / 40))
        wrong = fault.slower * np.where(z > _SLOWEST, fault.tail, 1.0)
        if world.pareto:
            return 8_000 * day * norm.sf(z) ** (-1 / world.pareto) * wrong
        return 10_000 * day * np.exp(world.sigma * z) * wrong

    def _noise(self, n: int) -> np.ndarray:
        phi = self.world.memory
        z = self.rng.normal(size=n)
        if phi and n:
            start = [phi * self.last]
            z, _ = lfilter([1], [1, -phi], z * np.sqrt(1 - phi**2), zi=start)
            self.last = float(z[-1])
        return z


@dataclass
class Stream:
    """Minute after minute of both versions."""

    world: Traffic
    fault: Fault
    seed: int
    bad: int = 0
    """Minutes that an incident lasts still."""
    rng: np.random.Generator = field(init=False)
    versions: tuple[Version, Version] = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([self.seed, 20])
        self.versions = (Version(self.rng, self.world), Version(self.rng, self.world))

    def minute(self, number: int, share: float, mirrored: float) -> Cell:
        """
        The next one.

        Args:
            number: Which; the first is 1.
            share: Of the requests that the candidate answers [0..1].
            mirrored: Of the requests that it runs beside the baseline [0..1].
        """
        world, rng = self.world, self.rng
        self.bad = _INCIDENT if rng.random() < world.incidents else max(0, self.bad - 1)
        mean = world.rate * (1 + 0.5 * np.sin(number / 60))
        sent = rng.poisson(mean * (mirrored or share))
        theirs = self._seen(0, rng.poisson(mean * (1 - share)), number, Fault())
        ours = self._seen(1, 0 if self.fault.silent else sent, number, self.fault)
        if mirrored:
            ours = replace(
                ours, requests=0, shadowed=ours.requests, **self._compared(ours)
            )
        gone = rng.random(2) < world.missing
        return Cell(
            (number - 1) * CELL_S,
            Seen() if gone[0] else theirs,
            Seen() if gone[1] else ours,
        )

    def _compared(self, ours: Seen) -> dict[str, int]:
        world, given = self.world, self.fault.disagreement
        differ = world.disagreement if given is None else given
        wrong = int(self.rng.binomial(ours.requests, differ))
        return {"compared": world.rows * ours.requests, "disagreed": world.rows * wrong}

    def _seen(self, which: int, n: int, minute: int, fault: Fault) -> Seen:
        world, rng = self.world, self.rng
        at = minute + (world.skew if which else 0.0)
        slow = 4.0 if self.bad else 1.0
        took = slow * self.versions[which].latencies(n, at, fault)
        rate = world.errors if fault.errors is None else fault.errors
        if world.bursts_of_failures and rng.random() < world.bursts_of_failures:
            rate = _BURST
        failed = int(rng.binomial(n, max(rate, 0.3) if self.bad else rate))
        cold = int(0.3 * n) if which and rng.random() < world.bursts else 0
        if world.rounded_us:
            took = np.round(took / world.rounded_us) * world.rounded_us
        warm = took[min(n, cold + failed) :]
        yes = int(rng.binomial(n, 0.3 + 0.1 * np.sin(minute / 50)))
        return Seen(
            requests=n,
            failures=failed,
            statuses={"500": failed} if failed else {},
            warm=Histogram.of(warm) if len(warm) else None,
            cold=Histogram.of(took[:cold] + 900_000) if cold else None,
            outputs={"yes": yes, "no": n - yes} if n else None,
        )
