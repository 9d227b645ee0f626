"""What a base image is, read off its own files: believed is nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mlflow_serverless.build.elf import glibc_defined, machine_of
from mlflow_serverless.build.errors import (
    BaseArchitectureError,
    BasePythonError,
    BaseUnsuitableError,
)
from mlflow_serverless.build.options import Architecture
from mlflow_serverless.build.platforms import Glibc

LIBRARY_FOLDERS = (
    "lib64", "usr/lib64", "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu",
    "lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib", "usr/lib",
)  # fmt: skip
_PATH = "/var/lang/bin:/usr/local/bin:/usr/bin:/bin"
_MINORS = range(11, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What decides which wheels and which bytecode fit."""

    python: str
    """Path of the interpreter in the image."""
    minor: str
    """`3.12`."""
    glibc: Glibc


def facts_of(
    base: str,
    root: Path,
    config: Mapping[str, Any],
    architecture: Architecture,
    wanted: str,
) -> Facts:
    """
    Look at the base under *root*.

    Args:
        base: Its name, for errors.
        root: Its files.
        config: Its `config` object.
        architecture: What it is said to be for.
        wanted: The minor release of Python it must have; empty is any.

    Raises:
        BaseUnsuitableError: It has no Python of its own, or no glibc.
        BaseArchitectureError: Its files are for another processor.
        BasePythonError: It has another Python.
    """
    python, minor = _python(base, root, environment_of(config).get("PATH", _PATH))
    if wanted and minor != wanted:
        raise BasePythonError(base, minor, wanted)
    if (machine := machine_of(within(root, python))) != architecture:
        raise BaseArchitectureError(base, architecture, (machine,))
    return Facts(python=python, minor=minor, glibc=_glibc(base, root))


def environment_of(config: Mapping[str, Any]) -> dict[str, str]:
    """The variables that an image sets."""
    pairs = (item.partition("=") for item in config.get("Env") or ())
    return {name: value for name, _, value in pairs}


def within(root: Path, path: str) -> Path:
    """Where the image's *path* is on this machine."""
    return root / path.lstrip("/")


def _python(base: str, root: Path, path: str) -> tuple[str, str]:
    """The first Python along the image's PATH, by its full name."""
    for folder in path.split(":"):
        for minor in reversed(_MINORS):
            name = str(PurePosixPath(folder) / f"python3.{minor}")
            if within(root, name).is_file():
                return name, f"3.{minor}"
    raise BaseUnsuitableError(base, f"no python3.11 or newer along its PATH {path}")


def _glibc(base: str, root: Path) -> Glibc:
    for folder in LIBRARY_FOLDERS:
        libc = root / folder / "libc.so.6"
        if libc.is_file() and (found := glibc_defined(libc)):
            return found
    raise BaseUnsuitableError(base, "it has no glibc, which wheels are linked with")
