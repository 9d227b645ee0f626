"""What is deployed: functions, versions and aliases, in one sqlite file."""

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from mlflow_serverless.local.database import opened, transaction
from mlflow_serverless.local.errors import StateCorruptError
from mlflow_serverless.plan import (
    Actual,
    Alias,
    Fresh,
    Function,
    Mount,
    Settings,
    Version,
)

SCHEMA = """
CREATE TABLE functions (
    name TEXT PRIMARY KEY, artifact TEXT NOT NULL, settings TEXT NOT NULL,
    tags TEXT NOT NULL
) STRICT;

CREATE TABLE versions (
    name TEXT NOT NULL, number INTEGER NOT NULL, content TEXT NOT NULL,
    artifact TEXT NOT NULL, settings TEXT NOT NULL, note TEXT NOT NULL,
    created TEXT NOT NULL, PRIMARY KEY (name, number)
) STRICT;

CREATE TRIGGER versions_are_immutable BEFORE UPDATE ON versions
BEGIN SELECT RAISE(ABORT, 'versions are immutable'); END;

CREATE TABLE aliases (
    name TEXT NOT NULL, alias TEXT NOT NULL, version TEXT NOT NULL,
    weights TEXT NOT NULL, note TEXT NOT NULL, revision TEXT NOT NULL,
    PRIMARY KEY (name, alias)
) STRICT;

CREATE TABLE counters (name TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT
"""

Change = Callable[[Actual, Fresh], Actual]


class Ledger:
    """
    Deployments by name; every change is one transaction.

    Args:
        file: The sqlite file; made when first needed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def names(self) -> tuple[str, ...]:
        """Every deployment, sorted."""
        with opened(self._file, SCHEMA) as connection:
            rows = connection.execute("SELECT name FROM functions ORDER BY name")
            return tuple(name for (name,) in rows)

    def under_note(self) -> tuple[str, ...]:
        """Deployments with an alias that has a note, sorted: rollouts leave them."""
        query = "SELECT DISTINCT name FROM aliases WHERE note != '' ORDER BY name"
        with opened(self._file, SCHEMA) as connection:
            return tuple(name for (name,) in connection.execute(query))

    def artifacts(self) -> frozenset[str]:
        """Addresses that any function or version refers to."""
        query = "SELECT artifact FROM functions UNION SELECT artifact FROM versions"
        with opened(self._file, SCHEMA) as connection:
            return frozenset(address for (address,) in connection.execute(query))

    def look(self, name: str) -> Actual:
        """All of one deployment, as it was at one moment."""
        with opened(self._file, SCHEMA) as connection:
            connection.execute("BEGIN")
            return read(connection, name, self._file)

    def change(self, name: str, change: Change) -> Actual:
        """Replace what is there by what *change* makes of it; all or nothing."""
        with opened(self._file, SCHEMA) as connection, transaction(connection):
            have = read(connection, name, self._file)
            last = _last(connection, name)
            fresh = Fresh(
                number=str(last + 1),
                revision=str(uuid.uuid4()),
                created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            )
            made = change(have, fresh)
            if made != have:
                _write(connection, have, made)
            return made


def read(connection: sqlite3.Connection, name: str, file: Path) -> Actual:
    """One deployment, over a connection that is open already."""
    key = (name,)
    functions = "SELECT artifact, settings, tags FROM functions WHERE name = ?"
    versions = (
        "SELECT number, content, artifact, settings, note, created FROM versions "
        "WHERE name = ? ORDER BY number"
    )
    aliases = (
        "SELECT alias, version, weights, note, revision FROM aliases "
        "WHERE name = ? ORDER BY alias"
    )
    row = connection.execute(functions, key).fetchone()
    if row is None:
        return Actual(name=name)
    with _decoding(file):
        function = Function(name=name, artifact=row[0], settings=_settings(row[1]))
        return Actual(
            name=name,
            function=function,
            versions=tuple(_version(*r) for r in connection.execute(versions, key)),
            aliases=tuple(_alias(*r) for r in connection.execute(aliases, key)),
            tags=tuple((key, value) for key, value in json.loads(row[2])),
        )


@contextmanager
def _decoding(file: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError) as cause:
        raise StateCorruptError(file, f"a damaged row ({cause})") from cause


def _settings(text: str) -> Settings:
    values = json.loads(text)
    pairs = tuple((key, value) for key, value in values.pop("environment"))
    for key in ("subnets", "security_groups"):
        values[key] = tuple(values.get(key, ()))
    mount = values.pop("mount", None)
    return Settings(environment=pairs, mount=mount and Mount(**mount), **values)


def _version(  # noqa: PLR0913, PLR0917 - one argument a column
    number: int, content: str, artifact: str, settings: str, note: str, created: str
) -> Version:
    return Version(
        number=str(number), content=content, artifact=artifact,
        settings=_settings(settings), note=note, created=created,
    )  # fmt: skip


def _alias(alias: str, version: str, weights: str, note: str, revision: str) -> Alias:
    shares = tuple((number, float(share)) for number, share in json.loads(weights))
    return Alias(
        name=alias, version=version, weights=shares, note=note, revision=revision
    )


def _last(connection: sqlite3.Connection, name: str) -> int:
    """The last version number ever given under *name*, deleted or not."""
    query = "SELECT last FROM counters WHERE name = ?"
    row = connection.execute(query, (name,)).fetchone()
    return int(row[0]) if row else 0


def _write(connection: sqlite3.Connection, have: Actual, made: Actual) -> None:
    if made.function is None:
        for table in ("functions", "versions", "aliases"):
            query = f"DELETE FROM {table} WHERE name = ?"  # noqa: S608 - our own names
            connection.execute(query, (made.name,))
        return
    connection.execute(
        "INSERT OR REPLACE INTO functions VALUES (?, ?, ?, ?)",
        (
            made.name,
            made.function.artifact,
            _json(asdict(made.function.settings)),
            _json(made.tags),
        ),
    )
    _write_versions(connection, have, made)
    for alias in made.aliases:
        if alias != have.alias(alias.name):
            _write_alias(connection, made.name, alias)
    for gone in {a.name for a in have.aliases} - {a.name for a in made.aliases}:
        query = "DELETE FROM aliases WHERE name = ? AND alias = ?"
        connection.execute(query, (made.name, gone))


def _write_versions(connection: sqlite3.Connection, have: Actual, made: Actual) -> None:
    before, now = ({v.number for v in look.versions} for look in (have, made))
    for version in made.versions:
        if version.number not in before:
            _write_version(connection, made.name, version)
    for number in before - now:
        query = "DELETE FROM versions WHERE name = ? AND number = ?"
        connection.execute(query, (made.name, int(number)))


def _write_version(connection: sqlite3.Connection, name: str, made: Version) -> None:
    number, settings = int(made.number), _json(asdict(made.settings))
    connection.execute(
        "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)",
        (name, number, made.content, made.artifact, settings, made.note, made.created),
    )
    connection.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", (name, number))


def _write_alias(connection: sqlite3.Connection, name: str, made: Alias) -> None:
    weights = _json(made.weights)
    connection.execute(
        "INSERT OR REPLACE INTO aliases VALUES (?, ?, ?, ?, ?, ?)",
        (name, made.name, made.version, weights, made.note, made.revision),
    )


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
