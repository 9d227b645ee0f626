"""Starts the runtime, or a stand-in for it, as its own process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

from tests.fakes.runtime_api import FakeRuntimeApi

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = ROOT / "tests/fakes/loop_app.py"
ENTRY = ROOT / "lambda_runtime/__main__.py"
LEAN = (sys.executable, "-I", "-S")
"""How Lambda's image starts Python."""


class Runtime:
    """
    A Runtime API and one client process, for the length of a `with`.

    Args:
        program: What to run.
        by: What runs it.
        out: A file for the lines it logs, other than one of ours.
        environ: Its environment, beside the path and the Runtime API's address.
    """

    def __init__(
        self,
        program: Path | str = STAND_IN,
        *,
        by: tuple[str, ...] = LEAN,
        out: str | None = None,
        **environ: str,
    ) -> None:
        self.api = FakeRuntimeApi()
        self._command = [*by, *str(program).split(" ")]
        self._environ = environ
        self._out = out

    def __enter__(self) -> Self:
        self.api.__enter__()
        # Files, since a pipe nobody reads would hold the process up.
        self._folder = tempfile.TemporaryDirectory()
        self._logs = Path(self._folder.name) / "out", Path(self._folder.name) / "err"
        environ = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
        }
        with (
            Path(self._out or self._logs[0]).open("wb") as out,
            self._logs[1].open("wb") as err,
        ):
            self.process = subprocess.Popen(
                self._command, env={**environ, **self._environ}, stdout=out, stderr=err
            )
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self.api.__exit__(None, None, None)
            self._folder.cleanup()

    def stop(self) -> int:
        """Ask the process to end; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.ended()

    def stop_hard(self) -> None:
        """End a process that does not listen to SIGTERM."""
        self.process.kill()
        self.process.wait()

    def ended(self, timeout_s: float = 20) -> int:
        """Wait for the process to end by itself; its exit code."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    @property
    def out(self) -> bytes:
        """The lines the process has logged so far."""
        return self._logs[0].read_bytes()

    @property
    def err(self) -> bytes:
        """What the process has complained of so far."""
        return self._logs[1].read_bytes()
