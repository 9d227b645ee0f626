"""A report as files."""

from pathlib import Path

from mlflow_serverless.shift.report.page import page
from mlflow_serverless.shift.report.plain import plain
from mlflow_serverless.shift.report.values import RolloutReport
from mlflow_serverless.store import write_json


def write(report: RolloutReport, folder: Path) -> tuple[Path, ...]:
    """`rollout.json` for programs and `rollout.html` for people, in *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    files = (folder / "rollout.json", folder / "rollout.html")
    write_json(files[0], plain(report))
    files[1].write_text(page(report), encoding="utf-8")
    return files
