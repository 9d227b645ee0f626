"""The resolver, as a program: its progress told, its refusals explained."""

import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mlflow_serverless.environment.compare import pins
from mlflow_serverless.environment.errors import (
    PythonMissingError,
    UnresolvableError,
    UvMissingError,
)

Progress = Callable[[str], object]

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_VERSION = re.compile(r"cpython-(\d+\.\d+\.\d+)")
_TAIL = 60
"""Last lines of what it said that an error may draw on."""


def find_uv() -> str:
    """
    The program that the `uv` distribution brings.

    Raises:
        UvMissingError: It is not installed.
    """
    try:
        from uv import find_uv_bin  # noqa: PLC0415 - only if an environment is made
    except ImportError as cause:
        raise UvMissingError from cause
    try:
        return str(find_uv_bin())
    except FileNotFoundError as cause:
        raise UvMissingError from cause


def pythons() -> tuple[str, ...]:
    """Versions of Python on this machine, newest first."""
    said = subprocess.run(
        (find_uv(), "python", "list", "--only-installed", "--offline"),
        env=_environ(), capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    found = dict.fromkeys(_VERSION.findall(said))
    return tuple(sorted(found, key=_numbers, reverse=True))


def make_venv(folder: Path, python: str, tell: Progress) -> None:
    """
    An empty environment in *folder*.

    Args:
        folder: Where; it may be moved later.
        python: `3.12`, or the path of an interpreter.
        tell: Gets a line at a time.

    Raises:
        PythonMissingError: There is no such Python here.
    """
    code, said = _run(
        ("venv", "--relocatable", "--no-project", "--python", python, str(folder)),
        tell,
    )
    if code:
        raise PythonMissingError(python, pythons()) from RuntimeError(said)


def install(
    python: Path, requirements: Sequence[str], folder: Path, tell: Progress
) -> None:
    """
    Install *requirements* for the interpreter *python*.

    Args:
        python: Of the environment.
        requirements: Lines as in a requirements file.
        folder: What relative paths among them are relative to.
        tell: Gets a line at a time.

    Raises:
        UnresolvableError: With the requirement that cannot be met, and why.
    """
    listed = python.parent.parent / "requirements.txt"
    listed.write_text("\n".join(requirements) + "\n", encoding="utf-8")
    code, said = _run(
        (
            "pip", "install", "--compile-bytecode",
            "--python", str(python), "--requirement", str(listed),
        ),
        tell, folder=folder,
    )  # fmt: skip
    if code:
        raise UnresolvableError(culprit(said, requirements), reason(said))


def culprit(said: str, requirements: Sequence[str]) -> str:
    """The requirement that *said* is about, as it was written; empty if unclear."""
    text = re.sub(r"\s+", " ", said).lower()
    hits = [
        (text.find(word), line)
        for line in requirements
        for word in _words(line)
        if word in text
    ]
    return min(hits)[1] if hits else ""


def _words(requirement: str) -> list[str]:
    """What an explanation may call *requirement*: its name, or where it comes from."""
    _, at, place = requirement.partition("@")
    names = [name for name, _ in pins([requirement])]
    return [*names, place.strip().lower()] if at else names


def reason(said: str) -> str:
    """Why it refused, on one line."""
    text = " ".join(said.replace("╰─▶", " ").replace("├─▶", " ").split())
    for mark in ("\N{MULTIPLICATION SIGN}", "error:"):
        _, found, after = text.partition(mark)
        if found:
            return after.strip()[-700:]
    return text[-700:]


def _run(
    arguments: Sequence[str], tell: Progress, *, folder: Path | None = None
) -> tuple[int, str]:
    """Exit code, and the end of what it said; each line was told."""
    process = subprocess.Popen(
        (find_uv(), *arguments), env=_environ(), cwd=folder,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    )  # fmt: skip
    lines: list[str] = []
    with process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                plain = _ANSI.sub("", line).rstrip()
                if plain:
                    lines.append(plain)
                    tell(plain)
        except BaseException:
            process.kill()
            raise
    return process.returncode, "\n".join(lines[-_TAIL:])


def _environ() -> Mapping[str, str]:
    """Ours, without the environment that we run in, and without new Pythons."""
    kept = {k: v for k, v in os.environ.items() if k not in _INHERITED}
    return kept | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}


_INHERITED = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX"}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
