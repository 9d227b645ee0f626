"""Rollouts that were run already, so that a run that was ended goes on."""

import hashlib
import json
import tempfile
from dataclasses import astuple
from pathlib import Path

from benchmarks.judge.rollouts import End
from mlflow_serverless import observe, shift

OURS = Path(__file__).parent
_OBSERVED = Path(observe.__file__).parent
_DECIDING = (
    "criteria", "decide", "judge", "look", "rollout", "strategy", "verdict",
)  # fmt: skip


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
        self._read = 0

    def get(self, key: str, seed: int) -> End | None:
        """How rollout *seed* of *key* ended, if it was run, here or beside."""
        if (key, seed) not in self._ends:
            self._read_on()
        return self._ends.get((key, seed))

    def _read_on(self) -> None:
        """What was written since, of whole lines."""
        if not self._file.is_file() or self._file.stat().st_size == self._read:
            return
        with self._file.open("rb") as file:
            file.seek(self._read)
            whole, end, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(end)
        for line in whole.splitlines():
            key, seed, *ended = json.loads(line)
            self._ends[key, seed] = End(*ended)

    def put(self, key: str, seed: int, end: End) -> None:
        """Remember it at once."""
        self._ends[key, seed] = end
        with self._file.open("a") as file:
            file.write(json.dumps([key, seed, *astuple(end)]) + "\n")


def fingerprint() -> str:
    """Of all code on which an end depends."""
    shifting = Path(shift.__file__).parent
    files = [OURS / f"{name}.py" for name in ("worlds", "traffic", "rollouts")]
    files += [shifting / f"{name}.py" for name in _DECIDING]
    for folder in (shifting / "checks", shifting / "evidence", _OBSERVED):
        files += sorted(folder.glob("*.py"))
    text = b"".join(file.read_bytes() for file in files)
    return hashlib.sha256(text).hexdigest()[:12]
