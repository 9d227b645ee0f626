"""Frozen values as files that people and MLflow can read."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_serverless.store import write_json

if TYPE_CHECKING:
    from mlflow_serverless.verify import ParityReport


def write_reports(report: "ParityReport", folder: Path) -> None:
    """`parity.json` for programs and `parity.html` for people, in *folder*."""
    from mlflow_serverless.verify.report import page, to_plain  # noqa: PLC0415 - brings numpy

    write_json(folder / "parity.json", to_plain(report))
    (folder / "parity.html").write_text(page(report), encoding="utf-8")


def plain(value: Any) -> Any:
    """A frozen value as JSON takes it."""
    return json.loads(json.dumps(asdict(value), default=str))
