"""A benchmark that was killed goes on where it was; its page hides no gap."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from benchmarks import cold
from benchmarks.containers import Start
from benchmarks.kept import Kept
from benchmarks.plan import Plan
from benchmarks.table import TWELVE, Gate, Section, section_from, write_page


class KilledError(Exception):
    """Stands for the signal."""


@pytest.fixture
def starts(monkeypatch):
    """Starts that take no time; the fourth one kills the process."""
    made: list[tuple[str, str, str]] = []

    def start(name: str, model: str, shape: str) -> Start:
        made.append((name, model, shape))
        if len(made) == 4:
            raise KilledError
        return Start(ms=10.0, cpu_ms=5.0, second_ms=1.0, rss_mb=40.0)

    monkeypatch.setattr(cold, "_start", start)
    monkeypatch.setattr(cold, "prepare", lambda models: None)
    monkeypatch.setattr(cold, "section", lambda kept: None)
    return made


def test_a_killed_run_measures_only_what_is_left(tmp_path, starts):
    """Nothing that was measured is measured again, and nothing is left out."""
    path = tmp_path / "run.jsonl"
    with pytest.raises(KilledError):
        cold.run(Plan(["logistic"], 1, kept=Kept(path, "a")))
    cold.run(Plan(["logistic"], 1, kept=Kept(path, "a")))
    cold.run(Plan(["logistic"], 1, kept=Kept(path, "a")))

    every = [
        (name, "logistic", shape)
        for shape in cold.OPTIONS
        for name in cold.contestants("logistic")
    ]
    assert [*every[:4], *every[3:]] == starts


def test_nothing_is_begun_when_time_is_over(tmp_path, starts):
    """A run that may take no time measures nothing."""
    cold.run(Plan(["forest"], 1, minutes=0.0, kept=Kept(tmp_path / "x", "a")))

    assert [] == starts


def test_the_model_with_the_gates_comes_first(starts):
    """Then one round of each of the others, before any has a second one."""
    turns = list(cold._turns(list(cold.CASES), None))
    others = [number for model, _, number in turns if model != cold.FOREST]
    gated = [turn for turn in turns if turn[0] == cold.FOREST]

    assert gated == turns[: len(gated)]
    assert sorted(others) == others


def test_other_sources_are_another_run(tmp_path):
    """What was measured of them is not seen, and not lost when a run begins anew."""
    path = tmp_path / "run.jsonl"
    Kept(path, "old").put("a", 1)
    Kept(path, "new").put("a", 2)
    Kept(path, "new").forget()

    assert "a" not in Kept(path, "new")
    assert 1 == Kept(path, "old").get("a")


def test_a_section_is_read_back_as_it_was():
    """Gates and all: a page can be made of sections that were kept."""
    section = Section("t", "text", ("a",), [["b"]], (Gate("g", 0.1, 1, 0.5, number=3),))

    assert section == section_from(asdict(section))


def test_a_gate_that_was_not_measured_is_on_the_page(tmp_path):
    """Every one of the twelve has its line: a figure beside its floor, or none."""
    page = tmp_path / "page.md"
    gates = (
        Gate("cold / peer", 1 / 38, 1 / 25, 1 / 40, number=1),
        Gate("soak", 700.0, 512.0, 0.0, " kB"),
    )
    write_page([Section("t", "text", gates=gates)], "today", page=page)
    lines = page.read_text().splitlines()

    assert "| 1 cold / peer | 1/38 | 1/25 | 1/40 | kept |" in lines
    assert "| soak | 700 kB | 512 kB | 0 kB | **missed** |" in lines
    assert [f"| {n} {name} | not measured | | | |" for n, name in TWELVE.items()][
        1:
    ] == [line for line in lines if "not measured" in line]
