"""Figures that are kept: a run that is killed goes on where it was.

One line of JSON a figure, appended as it is measured. What was measured of other
sources, or on another machine, is not of this run and is not seen.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CACHE = Path(
    os.environ.get("MLFLOW_SERVERLESS_BENCH_CACHE")
    or Path.home() / ".cache/mlflow-serverless/bench"
)
"""Figures, laid-out models and peers' environments."""

MEASURED = ("lambda_runtime", "mlflow_serverless", "benchmarks")
"""Whose sources make another run of it."""


class Kept:
    """
    Figures of one scope, by key.

    Args:
        path: Where the lines are; made with the first.
        scope: Names all that the figures depend on.
    """

    def __init__(self, path: Path, scope: str) -> None:
        self._path, self._scope = path, scope
        self._entries = {entry["key"]: entry for entry in self._read()}

    def _read(self) -> Iterator[dict[str, Any]]:
        if self._path.exists():
            for line in self._path.read_text().splitlines():
                entry = json.loads(line)
                if entry["scope"] == self._scope:
                    yield entry

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def get(self, key: str) -> Any:
        """What was put under *key*; None if nothing was."""
        entry = self._entries.get(key)
        return entry and entry["value"]

    def put(self, key: str, value: Any) -> Any:
        """Keep *value*, which JSON can carry; it is given back."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        entry = {"scope": self._scope, "key": key, "at": at, "value": value}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(entry) + "\n")
        self._entries[key] = entry
        return value

    def obtain(self, key: str, measure: Callable[[], Any]) -> Any:
        """What is kept under *key*, or else what *measure* finds."""
        return self.get(key) if key in self else self.put(key, measure())

    def forget(self) -> None:
        """Begin this scope anew; what other scopes keep stays."""
        if self._path.exists():
            lines = self._path.read_text().splitlines(keepends=True)
            others = [ln for ln in lines if json.loads(ln)["scope"] != self._scope]
            self._path.write_text("".join(others))
        self._entries.clear()

    def when(self) -> str:
        """From when to when the figures were taken; empty without any."""
        times = sorted(entry["at"][:16] for entry in self._entries.values())
        if not times:
            return ""
        first, last = (time.replace("T", " ") for time in (times[0], times[-1]))
        return f"{first} to {last[11:] if first[:10] == last[:10] else last} UTC"


def digest_of(*folders: str, more: Iterable[str] = ()) -> str:
    """Names the Python sources below *folders* of the project, and *more*."""
    whole = hashlib.sha256()
    for folder in folders:
        place = ROOT / folder
        for path in sorted([place] if place.is_file() else place.rglob("*.py")):
            whole.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    for word in more:
        whole.update(word.encode() + b"\n")
    return whole.hexdigest()[:16]
