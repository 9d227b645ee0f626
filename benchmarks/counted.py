"""Instructions from a container's start to its first answer, by valgrind.

They are the same on every machine, quiet or not, so they are counted once for an image
and a model, and kept. The image's own Python runs its own bytecode; in the emulator's
place a Runtime API on this side hands out one event, and then ends the process.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.runtime_api import Timed

PATIENCE_S = 1800
"""Valgrind takes some thirty times as long."""

_PROGRAM, _TOOLS = "/usr/bin/valgrind.bin", "/usr/libexec/valgrind"
_COUNT = re.compile(rb"I\s+refs:\s+([\d,]+)")


def can_count() -> bool:
    """Whether this machine has a valgrind that a container can use."""
    return Path(_PROGRAM).exists() and Path(_TOOLS).is_dir()


def instructions(tag: str, rows: object, model: Path) -> int:
    """Of the image *tag* with *model* at `/opt/ml`, until it has answered *rows*."""
    with _named() as name, tempfile.TemporaryFile() as log:
        command = _command(tag, name, model)
        with closing(Timed(command, {}, patience_s=PATIENCE_S, log=log)) as timed:
            timed.ask(json.dumps(rows).encode())
            subprocess.run(["docker", "kill", "-s", "TERM", name], check=True,
                           capture_output=True)  # fmt: skip
            timed.process.wait(PATIENCE_S)
        log.seek(0)
        said = log.read()
    found = _COUNT.search(said)
    if found is None:
        raise RuntimeError(said.decode(errors="replace")[-800:])
    return int(found[1].replace(b",", b""))


@contextmanager
def _named() -> Iterator[str]:
    name = f"mlflow-serverless-bench-{uuid.uuid4().hex[:12]}"
    try:
        yield name
    finally:
        subprocess.run(["docker", "rm", "-f", name], check=False, capture_output=True)


def _command(tag: str, name: str, model: Path) -> list[str]:
    form = "{{json .Config.Entrypoint}}"
    entry = subprocess.run(["docker", "image", "inspect", "-f", form, tag],
                           check=True, capture_output=True).stdout  # fmt: skip
    forwarded = ("RUNTIME_API", "FUNCTION_NAME", "FUNCTION_VERSION",
                 "FUNCTION_MEMORY_SIZE")  # fmt: skip
    return [
        # As a process of the machine's: the first of a container ignores SIGTERM.
        "docker", "run", "--rm", "--name", name, "--network", "host", "--pid", "host",
        "-u", "993:990", "--tmpfs", "/tmp:mode=1777",
        *(word for each in forwarded for word in ("-e", f"AWS_LAMBDA_{each}")),
        "-e", "PYTHONHASHSEED=0",
        "-v", f"{model}:/opt/ml:ro", "-v", f"{_TOOLS}:{_TOOLS}:ro",
        "-v", f"{_PROGRAM}:{_PROGRAM}:ro", "--entrypoint", _PROGRAM, tag,
        "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
        *json.loads(entry)[1:],
    ]  # fmt: skip
