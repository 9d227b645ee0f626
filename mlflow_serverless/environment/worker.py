"""Doing one room's work in the model's environment: a process, JSON in and JSON out.

Our own code goes along by a folder with links to our two packages, so that nothing
else that is installed beside them is found there.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from mlflow_serverless.environment.codec import decode, encode
from mlflow_serverless.environment.errors import RelayedError, WorkerFailedError
from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.world import Tell

_PACKAGES = ("mlflow_serverless", "lambda_runtime")
_INHERITED = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX"}


def call(
    python: Path, verb: str, /, *, tell: Tell | None = None, **arguments: Any
) -> Any:
    """
    What *verb* makes of *arguments*, with the interpreter *python*.

    Args:
        python: Of an environment that `settle` made.
        verb: One of `convert`, `verify`, `native`, `question`.
        tell: Told what the room tells while it works; only `verify` does.
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
        why = _run(python, folder, tell)
        answer = folder / "answer.json"
        if not answer.is_file():
            raise WorkerFailedError(verb, why)
        said = json.loads(answer.read_text())
    if "error" in said:
        raise _refusal(verb, said["error"])
    return decode(said["value"])


def _run(python: Path, folder: Path, tell: Tell | None) -> str:
    """Have the job in *folder* done; what the process complained of, or its end."""
    told, says = os.pipe()
    with os.fdopen(told, encoding="utf-8") as lines:
        try:
            process = subprocess.Popen(
                (str(python), "-s", "-m", __name__, str(folder), str(says)),
                env=_environ(_shim(folder)), cwd=folder, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                errors="replace", pass_fds=(says,),
            )  # fmt: skip
        finally:
            os.close(says)
        listener = threading.Thread(target=_listen, args=(lines, tell))
        listener.start()
        complaint = process.communicate()[1]
        listener.join()
    return " ".join(complaint.split())[-700:] or f"exit {process.returncode}"


def _listen(lines: Iterable[str], tell: Tell | None) -> None:
    """Pass on what the worker says, an event a line."""
    for line in lines:
        if tell is not None:
            event, fields = json.loads(line)
            tell(event, **fields)


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


_TELLING = {"verify"}
"""Verbs that say how far they are."""


def work(folder: Path, says: int) -> None:
    """Do the job in *folder*, and leave the answer there; progress goes to *says*."""
    os.set_inheritable(says, False)  # noqa: FBT003 - the one who listens waits for its end
    job = json.loads((folder / "job.json").read_text())
    arguments = decode(job["arguments"])
    if job["verb"] in _TELLING:
        arguments["tell"] = _teller(says)
    try:
        value = _VERBS[job["verb"]](**arguments)
        said = {"value": encode(value)}
    except ServerlessError as refusal:
        said = {"error": _said(refusal)}
    except Exception as cause:  # noqa: BLE001 - it is told where it can be read
        where = traceback.format_exc().splitlines()[-6:]
        trace = f"{type(cause).__name__}: {cause} ({' '.join(' '.join(where).split())})"
        said = {"error": {"code": "internal", "trace": trace[-900:]}}
    (folder / "answer.json").write_text(json.dumps(said))


def _teller(says: int) -> Tell:
    """Writes events to the file descriptor *says*."""

    def tell(event: str, /, **fields: object) -> None:
        os.write(says, f"{json.dumps([event, fields])}\n".encode())

    return tell


def _said(refusal: ServerlessError) -> dict[str, Any]:
    report = getattr(refusal, "report", None)
    return {
        "code": refusal.code, "kind": refusal.kind.value,
        "message": refusal.message, "hint": refusal.hint, "report": encode(report),
    }  # fmt: skip


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
