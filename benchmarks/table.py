"""Figures beside their floors, and the page they are kept on."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"

TWELVE = {
    1: "cold start", 2: "instructions", 3: "session load", 4: "memory at load",
    5: "large forest", 6: "loop / awslambdaric", 7: "loop / mlflow models serve",
    8: "dependencies", 9: "touched cold", 10: "S3", 11: "modules", 12: "builds",
}  # fmt: skip
"""What is gated, in order."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One claim: a figure, what it must not exceed, and what we aim at."""

    name: str
    figure: float
    require: float
    aim: float | None
    """None where keeping the floor is all there is to it."""
    unit: str = "x"
    number: int = 0
    """Of the twelve; 0 for what is claimed beside them."""

    def row(self) -> str:
        """One line of the gates' table."""
        verdict = "kept" if self.figure <= self.require else "**missed**"
        if self.aim is not None and self.figure <= self.aim:
            verdict = "aim met"
        figures = (self.figure, self.require, self.aim)
        values = (_shown(value, self.unit) for value in figures)
        return f"| {self.name} | {' | '.join(values)} | {verdict} |"


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "x" and 0 < value < 0.25:
        return f"1/{1 / value:.3g}"
    return f"{value:.3g}{'' if unit == 'x' else unit}"


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


def section_from(plain: Mapping[str, Any]) -> Section:
    """The section that `asdict` made *plain*."""
    gates = tuple(Gate(**gate) for gate in plain["gates"])
    return Section(**{**plain, "gates": gates})


def write_page(
    sections: Sequence[Section], when: str, how: str = "", page: Path = PAGE
) -> None:
    """Write the page anew: the twelve gates, what is claimed beside, the tables."""
    gates = [gate for section in sections for gate in section.gates]
    beside = [gate.row() for gate in gates if not gate.number]
    lines = [
        "# Benchmarks",
        "",
        f"Made by `make bench`, {when}, on {machine()}.",
        "Medians of interleaved runs: trust the ratios, not the milliseconds. No real",
        "Lambda was measured. Less is better everywhere.",
        "",
        *_table(_twelve(gates)),
        *(["Claimed beside them:", "", *_table(beside)] if beside else []),
        *[section.markdown() for section in sections],
        how,
    ]
    page.write_text("\n".join(lines).rstrip() + "\n")


def _table(rows: Sequence[str]) -> list[str]:
    head = ["| gate | measured | floor | aim | |", "|---|---|---|---|---|"]
    return [*head, *rows, ""]


def _twelve(gates: Sequence[Gate]) -> list[str]:
    def rows() -> Iterator[str]:
        for number, name in TWELVE.items():
            found = [gate for gate in gates if gate.number == number]
            if not found:
                yield f"| {number} {name} | not measured | | | |"
            for gate in found:
                yield f"| {number} {gate.row().removeprefix('| ')}"

    return list(rows())


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
