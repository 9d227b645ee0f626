"""Run rollouts, and write what comes of them into the docs.

    python -m benchmarks.judge [rollouts] [--only TEXT]

Each row with nothing wrong gets that many, each with a fault a third. A run that is
ended goes on where it was, unless code that matters has changed since.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.judge import table
from benchmarks.judge.kept import Kept
from benchmarks.judge.rollouts import End, rollout
from benchmarks.judge.worlds import (
    FAULTS,
    FAULTY,
    MEDIUM,
    NO_DATA,
    SHADOWED,
    WIDTHS,
    WORLDS,
    Fault,
    Traffic,
)
from mlflow_serverless.shift import Criteria

_PARTS = (0.1, 0.3, 0.6, 1.0)
"""Of each row's rollouts, in turn."""

GUARD_S = 1_200.0
PATIENT = Criteria(promote_requests=30_000, shadow_predictions=30_000)
"""Waits for so many answers that what is wrong is found if it can be."""


@dataclass(frozen=True)
class Task:
    """One row of one table."""

    table: str
    world: Traffic
    fault: Fault
    share: float
    """Of the rollouts that are asked for."""

    @property
    def key(self) -> str:
        """What it is called."""
        spread = f" / {self.world.sigma:g}" if self.table == "sizes" else ""
        return f"{self.world.name} / {self.fault.name}{spread}"

    def run(self, seed: int) -> End:
        """One rollout."""
        if self.table == "sizes":
            return rollout(self.world, self.fault, seed, criteria=PATIENT)
        # Once promoted, nobody else is there to have the incident, too.
        watched = self.table == "null" and not self.world.incidents
        guard_s = GUARD_S if watched else 0.0
        return rollout(self.world, self.fault, seed, guard_s=guard_s)

    def row(self, ends: list[End]) -> table.Row:
        """What they come to."""
        named = {"traffic": self.world.name, "wrong": self.fault.name}
        made = {"null": table.null_row, "power": table.power_row}
        return named | made.get(self.table, table.size_row)(ends) | {
            "latency's spread": f"{self.world.sigma:g}"
        }  # fmt: skip


def tasks() -> Iterator[Task]:
    """All rows, what matters most first."""
    for world in WORLDS:
        yield Task("null", world, Fault(), 1.0)
    for world in FAULTY:
        for fault in FAULTS:
            if fault.disagreement is None or world.shadow:
                yield Task("power", world, fault, 1 / 3)
    for world in NO_DATA:
        yield Task("power", world, Fault(), 1 / 30)
    for fault in FAULTS[:4]:
        world = SHADOWED if fault.disagreement else MEDIUM
        widths = WIDTHS if fault in FAULTS[:2] else WIDTHS[1:2]
        for sigma in widths:
            yield Task("sizes", replace(world, sigma=sigma), fault, 1 / 3)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge")
    parser.add_argument("rollouts", type=int, nargs="?", default=300)
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    parser.add_argument(
        "--kept", action="store_true", help="run none: tell of what was run already"
    )
    given = parser.parse_args()
    done, tables, all_ = Kept(), table.kept(), list(tasks())
    wanted = [t for t in all_ if given.only in f"{t.table} / {t.key}"]
    # All rows a little, then all a little more: whenever it is ended, all are there.
    for part in _PARTS[:1] if given.kept else _PARTS:
        for task in wanted:
            count = max(1, round(given.rollouts * task.share * part))
            ends = _kept(task, done) if given.kept else _run(task, count, done)
            if not ends:
                continue
            rows = tables[task.table] | {task.key: task.row(ends)}
            keys = [one.key for one in all_ if one.table == task.table]
            tables[task.table] = {key: rows[key] for key in keys if key in rows}
            table.write(tables)
            print(json.dumps(tables[task.table][task.key]), flush=True)


def _kept(task: Task, done: Kept) -> list[End]:
    key = f"{task.table} / {task.key}"
    ends: list[End] = []
    while (end := done.get(key, len(ends))) is not None:
        ends.append(end)
    return ends


def _run(task: Task, count: int, done: Kept) -> list[End]:
    key, ends = f"{task.table} / {task.key}", []
    for seed in range(count):
        end = done.get(key, seed)
        if end is None:
            end = task.run(seed)
            done.put(key, seed, end)
        ends.append(end)
    return ends


if __name__ == "__main__":
    main()
