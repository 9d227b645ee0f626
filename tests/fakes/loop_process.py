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


class Runtime:
    """A Runtime API and one client process, for the length of a `with`."""

    def __init__(
        self,
        program: Path = STAND_IN,
        *,
        arguments: tuple[str, ...] = (),
        flags: tuple[str, ...] = ("-I", "-S"),
        **environ: str,
    ) -> None:
        self.api = FakeRuntimeApi()
        self._command = [sys.executable, *flags, str(program), *arguments]
        self._environ = environ
        # Files, since a pipe nobody reads would hold the process up.
        self._logs = tempfile.TemporaryFile(), tempfile.TemporaryFile()

    def __enter__(self) -> Self:
        self.api.__enter__()
        self.process = subprocess.Popen(
            self._command,
            env={
                "PATH": os.environ["PATH"],
                "AWS_LAMBDA_RUNTIME_API": self.api.address,
                **self._environ,
            },
            stdout=self._logs[0],
            stderr=self._logs[1],
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.api.__exit__(None, None, None)
        self._last = self.out, self.err
        for log in self._logs:
            log.close()

    def stop(self) -> int:
        """Ask the process to end; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.ended()

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
        """What the process has written to its log of lines."""
        return self._content(0)

    @property
    def err(self) -> bytes:
        """What the process has written to its log of errors."""
        return self._content(1)

    def _content(self, which: int) -> bytes:
        log = self._logs[which]
        if log.closed:
            return self._last[which]
        return os.pread(log.fileno(), os.fstat(log.fileno()).st_size, 0)
