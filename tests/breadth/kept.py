"""Verdicts kept by what they depend on: only changed graphs are judged again."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.breadth.row import Row

ROOT = Path(__file__).resolve().parents[2]
JUDGES = ("mlflow_serverless/verify", "tests/breadth/independent.py")
LIBRARIES = ("mlflow", "numpy", "onnxruntime", "pandas", "scikit-learn", "xgboost",
             "xgboost-cpu", "lightgbm")  # fmt: skip


class Kept:
    """A folder of finished rows; None keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._judges = _judges() if folder else ""

    def row(self, fingerprint: str, make: Callable[[], Row]) -> Row:
        """The row of a graph with this *fingerprint*, made if it is not kept."""
        if self._folder is None:
            return make()
        name = hashlib.sha256((fingerprint + self._judges).encode()).hexdigest()
        file = self._folder / f"{name[:40]}.json"
        if file.is_file():
            return read_row(json.loads(file.read_text(encoding="utf-8")))
        made = make()
        self._folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(made)), encoding="utf-8")
        return made


def read_row(plain: dict[str, Any]) -> Row:
    """A row as JSON gives it back."""
    return Row(**(plain | {"recipes": tuple(plain.get("recipes", ()))}))


def _judges() -> str:
    whole = hashlib.sha256()
    for place in JUDGES:
        named = ROOT / place
        for file in sorted(named.rglob("*.py")) if named.is_dir() else [named]:
            whole.update(file.read_bytes())
    for name in LIBRARIES:
        try:
            whole.update(f"{name} {version(name)}".encode())
        except PackageNotFoundError:
            continue
    return whole.hexdigest()
