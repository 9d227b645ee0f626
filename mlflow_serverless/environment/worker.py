"""Doing one room's work in the model's environment: a process, JSON in and JSON out.

Our own code goes along by a folder with links to our two packages, so that nothing
else that is installed beside them is found there.
"""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlflow_serverless.environment.codec import decode, encode
from mlflow_serverless.environment.errors import RelayedError, WorkerFailedError
from mlflow_serverless.errors import Kind, ServerlessError

_PACKAGES = ("mlflow_serverless", "lambda_runtime")
_INHERITED = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX"}


def call(python: Path, verb: str, /, **arguments: Any) -> Any:
    """
    What *verb* makes of *arguments*, with the interpreter *python*.

    Args:
        python: Of an environment that `settle` made.
        verb: One of `convert`, `verify`, `native`, `question`.
        arguments: Our own values; files are named by absolute paths.

    Raises:
        ParityError: As the room raised it, with its report.
        RelayedError: Any other refusal of the room.
        WorkerFailedError: The process ended otherwise.
    """
    with tempfile.TemporaryDirectory(prefix="worker-") as place:
        folder = Path(place)
        (folder / "job.json").write_text(
            json.dumps({"verb": verb, "arguments": encode(arguments)})
        )
        done = subprocess.run(
            (str(python), "-s", "-m", __name__, str(folder)),
            env=_environ(_shim(folder)), cwd=folder, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        answer = folder / "answer.json"
        if not answer.is_file():
            why = " ".join(done.stderr.split())[-700:] or f"exit {done.returncode}"
            raise WorkerFailedError(verb, why)
        said = json.loads(answer.read_text())
    if "error" in said:
        raise _refusal(verb, said["error"])
    return decode(said["value"])


def _shim(folder: Path) -> Path:
    """A folder that holds our packages and nothing else."""
    shim = folder / "ours"
    shim.mkdir()
    ours = Path(__file__).resolve().parents[2]
    for name in _PACKAGES:
        (shim / name).symlink_to(ours / name)
    return shim


def _environ(shim: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in _INHERITED}
    return kept | {"PYTHONPATH": str(shim), "PYTHONWARNINGS": "ignore"}


def _refusal(verb: str, said: Mapping[str, Any]) -> ServerlessError:
    if said["code"] == "parity-failed":
        from mlflow_serverless.verify.errors import ParityError  # noqa: PLC0415 - brings numpy

        return ParityError(decode(said["report"]))
    if "trace" in said:
        return WorkerFailedError(verb, said["trace"])
    return RelayedError(said["code"], Kind(said["kind"]), said["message"], said["hint"])


# What follows runs in the model's environment.


def _convert(**arguments: Any) -> Any:
    from mlflow_serverless.convert import convert  # noqa: PLC0415 - see above

    return convert(**arguments)


def _verify(**arguments: Any) -> Any:
    from mlflow_serverless.verify import verify  # noqa: PLC0415 - see above

    return verify(**arguments)


def _native(**arguments: Any) -> Any:
    from mlflow_serverless.native import make  # noqa: PLC0415 - see above

    return make(**arguments)


def _question(**arguments: Any) -> Any:
    from mlflow_serverless.pipeline.question import question_of  # noqa: PLC0415 - see above

    return question_of(**arguments)


_VERBS: Mapping[str, Callable[..., Any]] = {
    "convert": _convert,
    "verify": _verify,
    "native": _native,
    "question": _question,
}


def work(folder: Path) -> None:
    """Do the job in *folder*, and leave the answer there."""
    job = json.loads((folder / "job.json").read_text())
    try:
        value = _VERBS[job["verb"]](**decode(job["arguments"]))
        said = {"value": encode(value)}
    except ServerlessError as refusal:
        said = {"error": _said(refusal)}
    except Exception as cause:  # noqa: BLE001 - it is told where it can be read
        where = traceback.format_exc().splitlines()[-6:]
        trace = f"{type(cause).__name__}: {cause} ({' '.join(' '.join(where).split())})"
        said = {"error": {"code": "internal", "trace": trace[-900:]}}
    (folder / "answer.json").write_text(json.dumps(said))


def _said(refusal: ServerlessError) -> dict[str, Any]:
    report = getattr(refusal, "report", None)
    return {
        "code": refusal.code, "kind": refusal.kind.value,
        "message": refusal.message, "hint": refusal.hint, "report": encode(report),
    }  # fmt: skip


if __name__ == "__main__":
    work(Path(sys.argv[1]))
