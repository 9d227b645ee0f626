"""
`make bench`: measure, keep every figure, and write docs/benchmarks.md.

    python -m benchmarks                   everything, and the page
    python -m benchmarks prepare           images and models; nothing is timed
    python -m benchmarks cold warm page    some of it, and the page of all that is kept
    python -m benchmarks --minutes 25      what is worth most in that time
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from benchmarks import cold, servers
from benchmarks.cases import CASES
from benchmarks.plan import Plan
from benchmarks.table import PAGE, Section, section_from, write_page

if TYPE_CHECKING:
    from benchmarks.kept import Kept

SUITES = {
    "warm": 2.0, "load": 1.0, "forest": 1.0, "s3": 1.0, "budgets": 1.0, "cold": 15.0,
    "shadow": 13.0, "soak": 2.0, "fidelity": 3.0, "features": 5.0,
}  # fmt: skip
"""In order of worth, and what each may take on a quiet machine of two cores [minutes]:
none is begun with less time left; cold starts are cut short after any of them."""

BESIDE = {
    "prepare": "make images, models and peers' environments",
    "count": "count instructions of every cold start (an hour; kept with the image)",
    "page": "write docs/benchmarks.md from what is kept",
}


def main(arguments: Sequence[str]) -> int:
    """Run what is named; without a name everything, and write the page."""
    asked = _parsed(arguments)
    plan = Plan(asked.model, asked.rounds, asked.minutes)
    if asked.fresh:
        plan.kept.forget()
    load = plan.kept.obtain("load average", lambda: os.getloadavg()[0])
    print(f"load average {load:.1f}", file=sys.stderr)
    chosen = asked.name or [*SUITES, "page"]
    if "prepare" in chosen:
        cold.prepare(asked.model or list(CASES))
        for peer in servers.PACKAGES:
            servers.environment_of(peer)
    for suite in SUITES:
        if suite in chosen:
            began = time.monotonic()
            _show(_measured(suite, plan))
            _add(plan.kept, f"took/{suite}", time.monotonic() - began)
    if "count" in chosen:
        cold.count(plan)
    if "page" in chosen:
        sections = [found for suite in SUITES if (found := _kept(suite, plan))]
        when = f"{plan.kept.when()}, load average {load:.1f} before"
        write_page(sections, when, _how(plan.kept))
        print(f"written to {PAGE}")
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    takes = [f"{name} ({minutes:g} min)" for name, minutes in SUITES.items()]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Suites: {', '.join(takes)}.",
        epilog="; ".join(f"{name}: {what}" for name, what in BESIDE.items()),
    )
    parser.add_argument("name", nargs="*", metavar="NAME")
    parser.add_argument("--model", action="append", choices=list(CASES), default=[],
                        help="of cold starts; may be repeated")  # fmt: skip
    parser.add_argument("--rounds", type=int, help="of every kind of cold start")
    parser.add_argument("--minutes", type=float, help="begin nothing after them")
    parser.add_argument("--fresh", action="store_true",
                        help="measure again what is kept")  # fmt: skip
    asked = parser.parse_args(arguments)
    known = [*SUITES, *BESIDE]
    if unknown := sorted(set(asked.name) - set(known)):
        parser.error(f"no {', '.join(unknown)}; there are {', '.join(known)}")
    return asked


def _measured(suite: str, plan: Plan) -> Section | None:
    """The suite's section; what is kept of it is not measured again."""
    if suite == "cold":
        return cold.run(plan)
    if suite not in plan.kept and plan.left_s() < SUITES[suite] * 60:
        print(f"== {suite}: no time left for it", file=sys.stderr)
        return None
    print(f"== {suite}", file=sys.stderr, flush=True)
    measure = importlib.import_module(f"benchmarks.{suite}").run
    return section_from(plan.kept.obtain(suite, lambda: asdict(measure())))


def _kept(suite: str, plan: Plan) -> Section | None:
    if suite == "cold":
        return cold.section(plan.kept)
    found = plan.kept.get(suite)
    return found and section_from(found)


def _add(kept: Kept, key: str, seconds: float) -> None:
    """Add to what a suite took so far; looking up what is kept does not count."""
    if seconds > 1:
        kept.put(key, (kept.get(key) or 0.0) + seconds)


def _how(kept: Kept) -> str:
    """How the page is made again, and what that takes."""
    took = {suite: kept.get(f"took/{suite}") for suite in SUITES}
    rows = [f"| `{name}` | {s / 60:.1f} |" for name, s in took.items() if s]
    return "\n".join([
        "## Measuring again", "",
        "`python -m benchmarks prepare` makes images and models and times nothing;",
        "`python -m benchmarks` then measures, keeps every figure as it is taken, and",
        "writes this page. A run that was stopped goes on where it was, as long as the",
        "sources are the same; `--fresh` begins anew. `--minutes 25` measures what is",
        "worth most in that time, `--model forest` and `--rounds 1` bound the cold",
        "starts. Instructions are counted apart, by `python -m benchmarks count`: an",
        "hour, on any machine, quiet or not.", "",
        "| suite | took, in minutes |", "|---|---|", *rows,
    ])  # fmt: skip


def _show(section: Section | None) -> None:
    if section is not None:
        print(section.markdown(), flush=True)
        for gate in section.gates:
            print(gate.row(), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
