"""Whether this machine has what is needed, and what to do where it has not."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import requests
from rich.console import Console

from mlflow_serverless.cli.session import Session, command, table
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.wiring import LOCAL, aws_hints, home
from mlflow_serverless.world import World

_PYTHON = (3, 11)
_ORT = (1, 23)
_FREE_GB = 2
_BASES = "https://public.ecr.aws/v2/"
"""Where AWS keeps its own base images."""
_PATIENCE_S = 5
_FRAMEWORKS = {"scikit-learn": "sklearn", "xgboost": "xgboost", "lightgbm": "lightgbm"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: str
    """`ok`, `later` (needed for some things only) or `missing`."""
    found: str
    do: str = ""
    """What to type, where something is to be done."""


@click.command()
@command
def doctor(session: Session) -> None:
    """
    Check this machine: Python, libraries, MLflow store, AWS.

    Each finding that is not ok says what to type. Exits with 1 if something is
    missing that everything needs. With -t lambda AWS itself is asked, too.
    """
    local = session.target == LOCAL
    findings = list(examine(None if local else session.world))

    def show(console: Console) -> None:
        marks = {"ok": "[green]ok[/]", "later": "[yellow]later[/]"}
        rows = [
            (marks.get(f.state, "[red]missing[/]"), f.what, f.found, f.do)
            for f in findings
        ]
        console.print(table("", ("", "what", "found", "to do"), rows))

    session.result([asdict(finding) for finding in findings], show)
    if any(finding.state == "missing" for finding in findings):
        raise SystemExit(1)


def examine(aws: Callable[[], World] | None = None) -> Iterator[Finding]:
    """
    Everything, in the order in which it is needed.

    Args:
        aws: Makes a world on AWS, to be asked; None looks only at what is here.
    """
    yield _python()
    yield _onnxruntime()
    for package, extra in _FRAMEWORKS.items():
        yield _framework(package, extra)
    yield _store()
    yield _disk()
    yield _docker()
    if aws is None:
        yield from _aws_hints()
    else:
        yield _caller(aws)
        yield bases(_BASES)


def _python() -> Finding:
    here = sys.version_info[:3]
    found = ".".join(map(str, here))
    if here >= _PYTHON:
        return Finding("Python", "ok", found)
    return Finding("Python", "missing", found, "install Python 3.11 or newer")


def _onnxruntime() -> Finding:
    found = _version("onnxruntime")
    numbers = tuple(int(part) for part in (found or "0.0").split(".")[:2])
    if numbers >= _ORT:
        return Finding("onnxruntime", "ok", found)
    return Finding(
        "onnxruntime", "missing", found or "not installed",
        "pip install 'onnxruntime>=1.23'",
    )  # fmt: skip


def _framework(package: str, extra: str) -> Finding:
    found = _version(package)
    if found:
        return Finding(package, "ok", found)
    do = f"pip install 'mlflow-serverless[{extra}]' to deploy such models"
    return Finding(package, "later", "not installed", do)


def _version(package: str) -> str:
    for name in (package, f"{package}-cpu"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""


def _store() -> Finding:
    import mlflow  # noqa: PLC0415 - a second and a half
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - as above

    from mlflow_serverless.resolve import reach  # noqa: PLC0415 - as above

    uri = mlflow.get_registry_uri()
    store = reach.shown(uri)
    try:
        reach.knock(uri)
        with reach.explained(store):
            MlflowClient().search_registered_models(max_results=1)
    except ServerlessError as error:
        return Finding("MLflow store", "missing", error.message, error.hint)
    return Finding("MLflow store", "ok", store)


def _disk() -> Finding:
    folder = _existing(home())
    free = shutil.disk_usage(folder).free / 1e9
    found = f"{free:.1f} GB free in {home()}"
    if free >= _FREE_GB:
        return Finding("disk", "ok", found)
    do = "free some space, or set MLFLOW_SERVERLESS_HOME to a larger disk"
    return Finding("disk", "missing", found, do)


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _docker() -> Finding:
    do = "start Docker; only image.builder=docker needs it"
    if shutil.which("docker") is None:
        return Finding(
            "Docker", "later", "not installed", do.replace("start", "install")
        )
    found = _said(["docker", "version", "--format", "{{.Server.Version}}"])
    return Finding("Docker", "ok", found) if found else Finding(
        "Docker", "later", "no engine answers", do
    )  # fmt: skip


def _said(command: list[str]) -> str:
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""


def _caller(aws: Callable[[], World]) -> Finding:
    """Whether the credentials work, and for which region."""
    try:
        place = aws().cloud.place()
    except ServerlessError as error:
        return Finding("AWS", "later", error.message, error.hint)
    found = f"{place.caller} in {place.region}" if place else "not AWS"
    return Finding("AWS", "ok", found)


def bases(url: str) -> Finding:
    """Whether the registry of base images at *url* answers; whatever it says."""
    try:
        requests.head(url, timeout=_PATIENCE_S)
    except requests.RequestException as error:
        found = f"{url} cannot be reached ({type(error).__name__})"
        do = (
            "see proxy and network, or name a base image within reach: image.base_image"
        )
        return Finding("base images", "later", found, do)
    return Finding("base images", "ok", url)


def _aws_hints() -> Iterator[Finding]:
    hints = aws_hints()
    for what, found, do in (
        ("AWS credentials", hints.credentials, "aws configure"),
        ("AWS region", hints.region, "export AWS_REGION=eu-central-1"),
    ):
        if found:
            yield Finding(what, "ok", found)
        else:
            needed = f"{do}; only deploying to AWS needs it"
            yield Finding(what, "later", "none", needed)
