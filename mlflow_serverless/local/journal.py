"""What functions have said: log lines and embedded metrics, in one sqlite file."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlflow_serverless.local.database import opened, transaction
from mlflow_serverless.local.kept import Kept
from mlflow_serverless.platform_lines import ended, measured, metric
from mlflow_serverless.world import LogLine

SCHEMA = """
CREATE TABLE lines (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, at REAL NOT NULL,
    version TEXT NOT NULL, environment TEXT NOT NULL, text TEXT NOT NULL,
    metric INTEGER NOT NULL
) STRICT;

CREATE INDEX lines_by_name ON lines (name, metric, at)
"""

_INSERT = (
    "INSERT INTO lines (name, at, version, environment, text, metric) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
_SELECT = "SELECT at, version, environment, text FROM lines WHERE name = ? AND at >= ?"

LINE_CHARS = 256 * 1024
"""CloudWatch cuts longer events; so do we."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line as an environment wrote it."""

    at: float
    """Seconds since the epoch."""
    name: str
    version: str
    environment: str
    text: str


class Journal:
    """
    Lines by function.

    Args:
        file: The sqlite file; made when first needed.
        keep: Most lines; older ones make room for newer ones.
    """

    def __init__(self, file: Path, *, keep: int = 200_000) -> None:
        self._file = file
        self._keep = keep
        self._kept = Kept(file, SCHEMA)

    def write(self, entries: Sequence[Entry]) -> None:
        """
        Keep *entries*; a damaged file is put aside and a new one begun.

        Raises:
            sqlite3.Error: They could not be written.
        """
        try:
            self._write(entries)
        except sqlite3.OperationalError:
            self._kept.drop()
            raise
        except sqlite3.DatabaseError:
            self._kept.drop()
            for suffix in ("", "-wal", "-shm"):
                file = self._file.with_name(self._file.name + suffix)
                with suppress(FileNotFoundError):
                    file.rename(file.with_name(f"damaged-{file.name}"))
            self._write(entries)

    def _write(self, entries: Sequence[Entry]) -> None:
        rows = [
            (e.name, e.at, e.version, e.environment, e.text, _counts(e.text))
            for e in entries
        ]
        connection = self._kept.open()
        connection.execute("PRAGMA synchronous = OFF")
        with transaction(connection):
            connection.executemany(_INSERT, rows)

    def trim(self) -> None:
        """Let the oldest lines go once there are too many."""
        with opened(self._file, SCHEMA) as connection:
            query = "DELETE FROM lines WHERE id <= (SELECT max(id) FROM lines) - ?"
            connection.execute(query, (self._keep,))

    def lines(self, name: str, since: datetime | None) -> Iterator[LogLine]:
        """Every line of *name* since then, oldest first."""
        return self._lines(name, since, "metric >= 0")

    def metrics(
        self, name: str, since: datetime | None
    ) -> Iterator[Mapping[str, object]]:
        """Every metric line of *name* since then, parsed, oldest first."""
        return measured(self._lines(name, since, "metric = 1"))

    def _lines(
        self, name: str, since: datetime | None, which: str
    ) -> Iterator[LogLine]:
        for at, version, environment, text in self._rows(name, since, which):
            yield LogLine(
                at=datetime.fromtimestamp(at, UTC),
                version=version,
                environment=environment,
                text=text,
            )

    def _rows(
        self, name: str, since: datetime | None, which: str
    ) -> list[tuple[float, str, str, str]]:
        if not self._file.exists():
            return []
        query = f"{_SELECT} AND {which} ORDER BY at, id"
        start = since.timestamp() if since else 0.0
        with opened(self._file, SCHEMA) as connection:
            return connection.execute(query, (name, start)).fetchall()


def _counts(text: str) -> bool:
    """Whether it tells of a request: what it measured, or how it ended."""
    return metric(text) is not None or ended(text) is not None
