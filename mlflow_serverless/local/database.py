"""Opening sqlite files so that parallel and dying processes do no harm."""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.local.errors import (
    StateCorruptError,
    StateNewerError,
    StateUnreachableError,
)
from mlflow_serverless.store import DiskFullError

SCHEMA = 1
BUSY_S = 20.0
"""How long a command waits for another one's transaction [s]."""


@contextmanager
def opened(file: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """
    A connection to *file*, made with *schema* if it is not there yet.

    Raises:
        StateCorruptError: The file is damaged, or not a database.
        StateNewerError: A newer release wrote it.
        StateUnreachableError: No permission, or locked for too long.
        DiskFullError: No space.
    """
    with explained(file), closing(connect(file, schema)) as connection:
        yield connection


def connect(file: Path, schema: str) -> sqlite3.Connection:
    """As `opened`, to be closed by the caller; sqlite's own errors."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = sqlite3.connect(file, timeout=BUSY_S, isolation_level=None)
    try:
        _settle(connection, file, schema)
    except BaseException:
        connection.close()
        raise
    return connection


def _schema_of(connection: sqlite3.Connection) -> int:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return int(found)


def _settle(connection: sqlite3.Connection, file: Path, schema: str) -> None:
    found = _schema_of(connection)
    if found == 0:
        _initialise(connection, file, schema)
    elif found != SCHEMA:
        raise StateNewerError(file, found, SCHEMA)


def _initialise(connection: sqlite3.Connection, file: Path, schema: str) -> None:
    """Make the tables once, whole; others wait on a lock of the file system."""
    with locked(file.with_name(f"{file.name}.lock")):
        if _schema_of(connection) == SCHEMA:
            return
        connection.execute("PRAGMA journal_mode = WAL")
        with transaction(connection):
            for statement in schema.split(";\n\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing, and nobody else writes in between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold *file*'s lock; a process that dies lets go of it."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """Turn sqlite's and the disk's errors into ours."""
    try:
        yield
    except sqlite3.Error as cause:
        raise _meaning(file, cause) from cause
    except OSError as cause:
        if cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(file.parent) from cause
        raise StateUnreachableError(file, cause.strerror or str(cause)) from cause


def _meaning(file: Path, cause: sqlite3.Error) -> ServerlessError:
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError(file.parent)
    unreachable = {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR,
    }  # fmt: skip
    if code in unreachable:
        return StateUnreachableError(file, str(cause))
    return StateCorruptError(file, str(cause))
