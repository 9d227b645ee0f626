"""Figures beside their floors, and the page they are kept on."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Gate:
    """One claim: a figure, what it must not exceed, and what we aim at."""

    name: str
    figure: float
    require: float
    aim: float
    unit: str = "x"

    def row(self) -> str:
        """One line of the gates' table."""
        verdict = "kept" if self.figure <= self.require else "**missed**"
        if self.figure <= self.aim:
            verdict = "aim met"
        values = (f"{value:.3g}{self.unit}" for value in self._values())
        return f"| {self.name} | {' | '.join(values)} | {verdict} |"

    def _values(self) -> tuple[float, float, float]:
        return self.figure, self.require, self.aim


@dataclass(frozen=True, slots=True)
class Section:
    """What one benchmark has to say."""

    title: str
    text: str
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    gates: Sequence[Gate] = field(default=())

    def markdown(self) -> str:
        """The section as Markdown."""
        lines = [f"## {self.title}", "", self.text, ""]
        if self.rows:
            lines.append(f"| {' | '.join(self.header)} |")
            lines.append("|" + "---|" * len(self.header))
            lines += [f"| {' | '.join(row)} |" for row in self.rows]
            lines.append("")
        return "\n".join(lines)


def interleaved(
    contestants: dict[str, Callable[[], float]], rounds: int
) -> dict[str, float]:
    """Median of each contestant's figures, measured in turn to share the weather."""
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, measure in contestants.items():
            figures[name].append(measure())
    return {name: statistics.median(values) for name, values in figures.items()}


def write_page(sections: Sequence[Section], page: Path = PAGE) -> None:
    """Write the page anew: gates first, then each section."""
    gates = [gate for section in sections for gate in section.gates]
    lines = [
        "# Benchmarks",
        "",
        f"Made by `make bench` on {datetime.now(UTC):%Y-%m-%d}, {machine()}. Medians of",
        "interleaved runs on a shared machine: trust the ratios, not the milliseconds.",
        "No real Lambda was measured.",
        "",
        "| gate | figure | require | aim | |",
        "|---|---|---|---|---|",
        *[gate.row() for gate in gates],
        "",
        *[section.markdown() for section in sections],
    ]
    page.write_text("\n".join(lines).rstrip() + "\n")


def machine() -> str:
    """The machine in a few words."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    return f"{cores} x {model}, Python {platform.python_version()}"
