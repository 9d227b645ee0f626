"""Rollouts that were run already, so that a run that was ended goes on."""

import hashlib
import json
import tempfile
from dataclasses import astuple
from pathlib import Path

from benchmarks.judge.rollouts import End
from mlflow_serverless import observe, shift

OURS = Path(__file__).parent


class Kept:
    """
    Ends of rollouts, a JSON line each; other code's count no longer.

    Args:
        file: Where; in the folder for temporary files unless given.
    """

    def __init__(self, file: Path | None = None) -> None:
        folder = Path(tempfile.gettempdir())
        self._file = file or folder / f"judge-{fingerprint()}.jsonl"
        self._ends: dict[tuple[str, int], End] = {}
        if self._file.is_file():
            for line in self._file.read_text().splitlines():
                key, seed, *end = json.loads(line)
                self._ends[key, seed] = End(*end)

    def get(self, key: str, seed: int) -> End | None:
        """How rollout *seed* of *key* ended, if it was run."""
        return self._ends.get((key, seed))

    def put(self, key: str, seed: int, end: End) -> None:
        """Remember it at once."""
        self._ends[key, seed] = end
        with self._file.open("a") as file:
            file.write(json.dumps([key, seed, *astuple(end)]) + "\n")


def fingerprint() -> str:
    """Of all code on which an end depends."""
    folders = (OURS, *(Path(room.__file__).parent for room in (observe, shift)))
    files = sorted(file for folder in folders for file in folder.rglob("*.py"))
    shown = {"__main__.py", "table.py", "kept.py"}
    text = b"".join(f.read_bytes() for f in files if f.name not in shown)
    return hashlib.sha256(text).hexdigest()[:12]
