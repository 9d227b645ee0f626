"""Starts the runtime, or a stand-in for it, as its own process."""

from __future__ import annotations

import os
import subprocess
import sys
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
        self.out = self.err = b""

    def __enter__(self) -> Self:
        self.api.__enter__()
        self.process = subprocess.Popen(
            self._command,
            env={
                "PATH": os.environ["PATH"],
                "AWS_LAMBDA_RUNTIME_API": self.api.address,
                **self._environ,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.api.__exit__(None, None, None)

    def stop(self) -> int:
        """Ask the process to end; its exit code."""
        if not (self.out or self.err):
            if self.process.poll() is None:
                self.process.terminate()
            self.ended()
        return self.process.returncode

    def ended(self, timeout_s: float = 20) -> int:
        """Wait for the process to end by itself; its exit code."""
        try:
            self.out, self.err = self.process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.out, self.err = self.process.communicate()
            raise
        return self.process.returncode
