"""A connection that is kept open, by the process that asks often."""

import sqlite3
from pathlib import Path

from mlflow_serverless.local.database import connect


class Kept:
    """
    One connection to *file*, made when first asked for.

    Args:
        file: The sqlite file.
        schema: What it is made with.
    """

    def __init__(self, file: Path, schema: str) -> None:
        self._file, self._schema = file, schema
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self.renewed = 0
        """How often another connection was made: what was read over one tells nothing
        of what is read over the next."""

    def open(self) -> sqlite3.Connection:
        """The connection; another one if the file is another than before."""
        if self._connection is None or self._inode != self._inode_now():
            self.drop()
            self._connection = connect(self._file, self._schema)
            self._inode = self._inode_now()
            self.renewed += 1
        return self._connection

    def drop(self) -> None:
        """Close it, if it is open."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _inode_now(self) -> int:
        try:
            return self._file.stat().st_ino
        except FileNotFoundError:
            return 0
