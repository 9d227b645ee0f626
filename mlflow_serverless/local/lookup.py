"""The background process's view of what is deployed: fresh, and quick."""

import sqlite3
from pathlib import Path

from mlflow_serverless.local.database import explained
from mlflow_serverless.local.kept import Kept
from mlflow_serverless.local.ledger import SCHEMA, read
from mlflow_serverless.local.route import Target, contents
from mlflow_serverless.plan import Actual


class Lookup:
    """
    Deployments as they are now.

    What was read is kept until sqlite says that another process has written; asking
    that takes microseconds, where reading takes a tenth of a millisecond.

    Args:
        file: The ledger's sqlite file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept = Kept(file, SCHEMA)
        self._seen: object = None
        self._known: dict[str, Actual] = {}

    def look(self, name: str) -> Actual:
        """All of one deployment; raises what the ledger does."""
        with explained(self._file):
            try:
                return self._look(name)
            except sqlite3.Error:
                self._kept.drop()
                raise

    def wants(self, target: Target) -> bool:
        """Whether *target* may still be asked for."""
        try:
            return target.key in contents(self.look(target.name))
        except Exception:  # noqa: BLE001 - unreadable state is no reason to end it
            return True

    def _look(self, name: str) -> Actual:
        connection = self._kept.open()
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if self._seen != (seen := (self._kept.renewed, version)):
            self._known.clear()
            self._seen = seen
        if name not in self._known:
            connection.execute("BEGIN")
            try:
                self._known[name] = read(connection, name, self._file)
            finally:
                connection.rollback()
        return self._known[name]
