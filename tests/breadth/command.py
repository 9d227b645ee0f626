"""The command: run the sweep, write the page, or say what got worse."""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.breadth import table
from tests.breadth.case import Case, Unbuilt
from tests.breadth.cases import everything
from tests.breadth.cases.quick import QUICK
from tests.breadth.kept import ROOT, Kept
from tests.breadth.page import page
from tests.breadth.rooms import rows_of
from tests.breadth.row import Row

PAGE = ROOT / "docs" / "breadth.md"


def main(arguments: Sequence[str]) -> int:
    """Run what *arguments* ask for; 1 if a row got worse (`--check`)."""
    asked = _parser().parse_args(arguments)
    kept = Kept(asked.cache)
    before = table.read()
    found = list(swept(chosen(asked.only, quick=asked.quick), kept, asked.engine))
    if asked.check:
        lost = list(table.worse(before, found))
        for line in lost:
            sys.stdout.write(f"worse: {line}\n")
        return 1 if lost else 0
    write(before | {row.key: row for row in found})
    return 0


def write(rows: Mapping[str, Row]) -> None:
    """Write table and page, in the order of the cases; rows without a case go."""
    cases = list(everything())
    keys = [key for case in cases if isinstance(case, Case) for key in keys_of(case)]
    kept = [rows[key] for key in keys if key in rows]
    table.write(kept)
    unbuilt = [case for case in cases if isinstance(case, Unbuilt)]
    PAGE.write_text(page(kept, unbuilt), encoding="utf-8")


def keys_of(case: Case) -> list[str]:
    """The keys of its rows."""
    return [f"{case.group}/{case.name}.{method}" for method in case.methods]


def chosen(only: str = "", *, quick: bool = False) -> Iterator[Case]:
    """Cases whose `group/name` begins with *only*; the quick ones alone, if asked."""
    for case in everything():
        if isinstance(case, Unbuilt):
            continue
        place = f"{case.group}/{case.name}"
        if place.startswith(only) and (place in QUICK or not quick):
            yield case


def swept(cases: Iterable[Case], kept: Kept, engine: str = "auto") -> Iterator[Row]:
    """Their rows, each told of as it is done."""
    for case in cases:
        started = time.perf_counter()
        for row in rows_of(case, kept, engine=engine):
            taken = time.perf_counter() - started
            told = f"{taken:5.1f} s  {row.verdict:14}  {row.key}  {row.why[:300]}"
            sys.stdout.write(f"{told}\n")
            sys.stdout.flush()
            yield row


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.breadth")
    parser.add_argument("--check", action="store_true", help="fail if a row got worse")
    parser.add_argument(
        "--quick", action="store_true", help="the most telling ones only"
    )
    parser.add_argument(
        "--engine", choices=("auto", "onnx"), default="auto",
        help="onnx leaves out the proof of what is served natively: much faster",
    )  # fmt: skip
    parser.add_argument("--only", default="", help="GROUP or GROUP/NAME to begin with")
    parser.add_argument(
        "--cache",
        type=Path,
        default=ROOT / ".pytest_cache" / "breadth",
        help="where verdicts are kept",
    )
    return parser
