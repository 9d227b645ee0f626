"""The judge's power: whole rollouts over simulated traffic, every look counted.

    python -m benchmarks.judge [rollouts]

Nothing is timed: each rollout is looked at every minute until it is over, as `advance`
would. What is wrong, if anything, is wrong from the first request on.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.signal import lfilter
from scipy.stats import norm

from mlflow_serverless.observe import Cell, Histogram, Observation, Seen, Window
from mlflow_serverless.shift.criteria import Criteria
from mlflow_serverless.shift.decide import Passed, decide
from mlflow_serverless.shift.judge import judge
from mlflow_serverless.shift.look import demand
from mlflow_serverless.shift.rollout import Promote, RollBack, Rollout, moved
from mlflow_serverless.shift.strategy import Strategy, stages_of

CELL_S = 60.0
DOCS = Path(__file__).parent.parent / "docs"
PAGE, KEPT = DOCS / "shifting.md", DOCS / "shifting.json"


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A world to roll out in."""

    name: str
    rate: float
    """Requests a minute, of both versions together."""
    sigma: float = 0.5
    """Spread of the lognormal latency."""
    pareto: float | None = None
    """Latency of a power law with this exponent instead."""
    memory: float = 0.0
    """Correlation of one request's latency with the next one's, within a version."""
    swing: float = 0.0
    """How much the day moves both versions' latency, as a logarithm."""
    rounded_us: float = 0.0
    """Latency is known in steps of this."""
    bursts: float = 0.0
    """Share of minutes in which the candidate's requests meet cold environments."""
    errors: float = 0.01
    disagreement: float = 0.005
    steps: tuple[float, ...] = (5, 25, 50)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with the candidate."""

    name: str = "nothing"
    slower: float = 1.0
    tail: float = 1.0
    """The slowest tenth is slower by this."""
    errors: float | None = None
    disagreement: float | None = None
    silent: bool = False


@dataclass
class Version:
    """One version's stream of latencies, with its memory."""

    rng: np.random.Generator
    world: Traffic
    last: float = 0.0

    def latencies(self, n: int, minute: int, fault: Fault) -> np.ndarray:
        if not n:
            return np.zeros(0)
        phi = self.world.memory
        noise = self.rng.normal(size=n) * np.sqrt(1 - phi**2)
        z, _ = lfilter([1], [1, -phi], noise, zi=[phi * self.last])
        self.last = float(z[-1])
        day = np.exp(self.world.swing * np.sin(minute / 40))
        wrong = fault.slower * np.where(z > norm.isf(0.1), fault.tail, 1.0)
        if self.world.pareto:
            return 8_000 * day * norm.sf(z) ** (-1 / self.world.pareto) * wrong
        return 10_000 * day * np.exp(self.world.sigma * z) * wrong


@dataclass(frozen=True)
class End:
    """How one rollout ended."""

    outcome: str
    why: str
    minutes: int
    answers: int
    """Of the candidate, before its end."""


def rollout(
    world: Traffic,
    fault: Fault,
    seed: int,
    *,
    minutes: int = 1_500,
    insist: int = 1_500,
) -> End:
    """One rollout, looked at every minute until it is over, or *minutes* are."""
    rng = np.random.default_rng([seed, 20])
    versions = Version(rng, world), Version(rng, world)
    criteria = Criteria(promote_requests=insist)
    now = _begun(world)
    cells: list[Cell] = []
    answers = 0
    for minute in range(1, minutes + 1):
        share = dict(now.weights).get("2", 0.0)
        cell = _cell(rng, world, fault, versions, share, minute)
        if cell.candidate.answers or cell.baseline.answers:
            cells.append(cell)
        answers += cell.candidate.answers
        seen = Observation(
            baseline="1", candidate="2", cells=tuple(cells),
            window=Window(since=0.0, until=minute * CELL_S, cell_s=CELL_S),
        )  # fmt: skip
        verdict = judge(seen, criteria, demand(now, criteria, minute * CELL_S)).verdict
        shift = decide(now, verdict, minute * CELL_S, Passed())
        if isinstance(shift, RollBack | Promote):
            return End(type(shift).__name__, shift.why, minute, answers)
        now = moved(now, shift, minute * CELL_S)
    return End("Held", verdict.why, minutes, answers)


def _begun(world: Traffic) -> Rollout:
    stages = stages_of("canary", steps=world.steps, bake_s=600.0, shadow=0, shadow_s=0)
    strategy = Strategy(name="canary", stages=stages, look_s=CELL_S)
    waiting = Rollout(
        baseline="1", candidate="2", strategy=strategy, begun=0.0, since=0.0
    )
    return moved(
        waiting, decide(waiting, judge(_nothing()).verdict, 0.0, Passed()), 0.0
    )


def _nothing() -> Observation:
    return Observation(baseline="1", candidate="2", window=Window(since=0, until=0))


def _cell(rng, world, fault, versions, share, minute) -> Cell:
    mean = world.rate * (1 + 0.5 * np.sin(minute / 60))
    n, m = rng.poisson(mean * share), rng.poisson(mean * (1 - share))
    base = versions[0].latencies(m, minute, Fault())
    ours = versions[1].latencies(n, minute, fault)
    cold = int(n * 0.3) if rng.random() < world.bursts else 0
    if fault.silent:
        n, ours, cold = 0, ours[:0], 0
    errors = world.errors if fault.errors is None else fault.errors
    differ = world.disagreement if fault.disagreement is None else fault.disagreement
    return Cell(
        (minute - 1) * CELL_S,
        _seen(rng, world, base, world.errors),
        replace(
            _seen(rng, world, ours, errors, cold),
            compared=n, disagreed=int(rng.binomial(n, differ)),
        ),
    )  # fmt: skip


def _seen(rng, world, latencies, errors, cold=0) -> Seen:
    if world.rounded_us:
        latencies = np.round(latencies / world.rounded_us) * world.rounded_us
    n, failed = len(latencies), int(rng.binomial(len(latencies), errors))
    warm = latencies[cold : n - failed if n - failed > cold else n]
    return Seen(
        requests=n, failures=failed,
        warm=Histogram.of(warm.tolist()) if len(warm) else None,
        cold=Histogram.of((latencies[:cold] + 900_000).tolist()) if cold else None,
        outputs={"yes": int(rng.binomial(n, 0.3)), "no": n},
    )  # fmt: skip


WORLDS = (
    Traffic(name="low: 10 a minute", rate=10, steps=(10, 50)),
    Traffic(name="medium: 300 a minute", rate=300),
    Traffic(name="high: 6,000 a minute", rate=6_000, steps=(1, 10, 50)),
    Traffic(name="heavy tail (Pareto 1.5)", rate=300, pareto=1.5),
    Traffic(name="cold starts in a third of the minutes", rate=300, bursts=0.33),
    Traffic(name="both versions drift", rate=300, swing=0.8),
    Traffic(name="each latency like the last (0.8)", rate=300, memory=0.8),
    Traffic(name="known to 10 ms", rate=300, rounded_us=10_000),
    Traffic(name="canary of 1 %", rate=1_500, steps=(1, 99), memory=0.5),
    Traffic(name="both fail 20 %", rate=300, errors=0.2),
)

FAULTS = (
    Fault(name="+20 % latency", slower=1.2),
    Fault(name="+20 % p95, slowest tenth alone", tail=1.2),
    Fault(name="errors 1 % -> 3 %", errors=0.03),
    Fault(name="5 % of labels differ", disagreement=0.05),
    Fault(name="every request fails", errors=1.0),
    Fault(name="no answer at all", silent=True),
)


def many(world: Traffic, fault: Fault, count: int) -> list[End]:
    """*count* rollouts, each with a seed of its own."""
    return [rollout(world, fault, seed) for seed in range(count)]


def row(world: Traffic, fault: Fault, count: int) -> dict[str, object]:
    """What a table says of *count* rollouts."""
    ends = many(world, fault, count)
    back = [e for e in ends if e.outcome == "RollBack" and "patience" not in e.why]
    answers = [e.answers for e in back] or [0]
    return {
        "world": world.name, "fault": fault.name, "rollouts": count,
        "rolled back": len(back),
        "promoted": sum(e.outcome == "Promote" for e in ends),
        "patience": sum("patience" in e.why for e in ends),
        "held": sum(e.outcome == "Held" for e in ends),
        "answers p50": int(np.median(answers)),
        "answers p90": int(np.quantile(answers, 0.9)),
        "minutes p50": float(np.median([e.minutes for e in (back or ends)])),
    }  # fmt: skip


def sizes(fault: Fault, count: int) -> dict[str, object]:
    """How many answers it takes to find *fault*, if promotion waits for enough."""
    ends = [rollout(WORLDS[1], fault, 500 + s, insist=20_000) for s in range(count)]
    found = [e.answers for e in ends if e.outcome == "RollBack"] or [0]
    return {
        "fault": fault.name, "rollouts": count, "found": len(found),
        "p50": int(np.median(found)), "p90": int(np.quantile(found, 0.9)),
        "most": max(found),
    }  # fmt: skip


def main(argv: list[str]) -> int:
    """Run what is asked for, keep its numbers, and write them into the docs."""
    count = int(argv[0]) if argv else 1_000
    chosen = argv[1] if len(argv) > 1 else ""
    kept = (
        json.loads(KEPT.read_text()) if KEPT.is_file() else {"power": {}, "sizes": {}}
    )
    for world in WORLDS:
        for fault in (Fault(), *FAULTS) if world in WORLDS[:3] else (Fault(),):
            key = f"{world.name} / {fault.name}"
            if chosen in key:
                right = fault.name == "nothing"
                kept["power"][key] = row(
                    world, fault, count if right else max(1, count // 10)
                )
                _say(kept, kept["power"][key])
    for fault in FAULTS:
        if chosen in f"sizes / {fault.name}":
            kept["sizes"][fault.name] = sizes(fault, max(1, count // 10))
            _say(kept, kept["sizes"][fault.name])
    return 0


def _say(kept, last) -> None:
    print(json.dumps(last), flush=True)
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    text = PAGE.read_text()
    for name, table in (("power", _power(kept)), ("sizes", _sizes(kept))):
        start, end = (
            f"<!-- {name}: made by benchmarks/judge.py -->",
            f"<!-- /{name} -->",
        )
        head, _, rest = text.partition(start)
        text = f"{head}{start}\n\n{table}\n\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(text)


def _power(kept) -> str:
    head = "| traffic | wrong | rollouts | rolled back | promoted | no verdict | answers, median | 90 % | minutes |\n"
    rows = [
        f"| {r['world']} | {r['fault']} | {r['rollouts']:,} | {r['rolled back']:,} | "
        f"{r['promoted']:,} | {r['patience'] + r['held']:,} | {r['answers p50']:,} | "
        f"{r['answers p90']:,} | {r['minutes p50']:.0f} |"
        for r in kept["power"].values()
    ]
    return head + "|---" * 9 + "|\n" + "\n".join(rows)


def _sizes(kept) -> str:
    head = "| wrong | rollouts | found | answers, median | 90 % | most |\n"
    rows = [
        f"| {r['fault']} | {r['rollouts']} | {r['found']} | {r['p50']:,} | {r['p90']:,} | {r['most']:,} |"
        for r in kept["sizes"].values()
    ]
    return head + "|---" * 6 + "|\n" + "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
