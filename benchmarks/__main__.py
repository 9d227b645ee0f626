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
from collections.abc import Sequence
from dataclasses import asdict

from benchmarks import cold
from benchmarks.cases import CASES
from benchmarks.plan import Plan
from benchmarks.table import PAGE, Section, section_from, write_page

SUITES = {
    "warm": 2.0, "load": 1.0, "forest": 1.0, "s3": 1.0, "cold": 15.0, "budgets": 1.0,
    "shadow": 4.0, "soak": 2.0, "fidelity": 3.0,
}  # fmt: skip
"""In order of worth, and what each takes on a quiet machine of two cores [minutes];
cold starts can be cut short after any of them."""

BESIDE = {
    "prepare": "make images and models that the cold starts need",
    "count": "count instructions of every cold start (an hour; kept with the image)",
    "page": "write docs/benchmarks.md from what is kept",
}


def main(arguments: Sequence[str]) -> int:
    """Run what is named; without a name everything, and write the page."""
    asked = _parsed(arguments)
    plan = Plan(asked.model, asked.rounds, asked.minutes)
    if asked.fresh:
        plan.kept.forget()
    print(f"load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
    chosen = asked.name or [*SUITES, "page"]
    if "prepare" in chosen:
        cold.prepare(asked.model or list(CASES))
    for suite in SUITES:
        if suite in chosen:
            _show(_measured(suite, plan))
    if "count" in chosen:
        cold.count(plan)
    if "page" in chosen:
        sections = [found for suite in SUITES if (found := _kept(suite, plan))]
        write_page(sections, plan.kept.when(), _how())
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


def _how() -> str:
    """How the page is made again."""
    rows = [f"| `{name}` | {minutes:g} |" for name, minutes in SUITES.items()]
    return "\n".join([
        "## Measuring again", "",
        "`python -m benchmarks prepare` makes images and models and times nothing;",
        "`python -m benchmarks` then measures, keeps every figure as it is taken, and",
        "writes this page. A run that was stopped goes on where it was, as long as the",
        "sources are the same; `--fresh` begins anew. `--minutes 25` measures what is",
        "worth most in that time, `--model forest` and `--rounds 1` bound the cold",
        "starts. Instructions are counted apart, by `python -m benchmarks count`: an",
        "hour, on any machine, quiet or not.", "",
        "| suite | minutes on two quiet cores |", "|---|---|", *rows,
    ])  # fmt: skip


def _show(section: Section | None) -> None:
    if section is not None:
        print(section.markdown(), flush=True)
        for gate in section.gates:
            print(gate.row(), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
