"""The committed verdicts: read, written, and compared with new ones."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from tests.breadth.kept import ROOT, read_row
from tests.breadth.row import RANKS, Row

FILE = ROOT / "docs" / "breadth.json"


def read(file: Path = FILE) -> dict[str, Row]:
    """Rows by their keys; none if there is no table yet."""
    if not file.is_file():
        return {}
    rows = [read_row(plain) for plain in json.loads(file.read_text(encoding="utf-8"))]
    return {row.key: row for row in rows}


def write(rows: Iterable[Row], file: Path = FILE) -> None:
    """Replace the table; one row a line, so that a change is one line of a diff."""
    lines = [
        json.dumps({k: v for k, v in asdict(row).items() if v}, ensure_ascii=False)
        for row in rows
    ]
    text = "[\n" + ",\n".join(lines) + "\n]\n"
    file.write_text(text, encoding="utf-8")


def worse(before: dict[str, Row], after: Iterable[Row]) -> Iterator[str]:
    """A line for each row that lost ground; rows that are new must be sound."""
    for row in after:
        old = before.get(row.key)
        if _loses(old, row):
            was = old.verdict if old else "new"
            yield f"{row.key}: {was} -> {row.verdict}: {row.why}"


def _loses(old: Row | None, new: Row) -> bool:
    if old is None:
        return new.verdict in {"silently wrong", "bug"}
    return RANKS.index(new.verdict) < RANKS.index(old.verdict)
