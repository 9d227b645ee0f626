"""Who makes bytecode and compresses: the base image's own Python."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mlflow_serverless.build.elf import interpreter_of
from mlflow_serverless.build.errors import (
    BasePythonError,
    CompilerFailedError,
    CompilerMissingError,
)
from mlflow_serverless.build.facts import (
    LIBRARY_FOLDERS,
    Facts,
    environment_of,
    within,
)

TOOL = Path(__file__).with_name("tool.py")

_STEADY = (("PYTHONHASHSEED", "0"), ("LC_ALL", "C.UTF-8"))
"""Sets in constants and names in memory must not depend on the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """A Python of the target's minor release that runs here."""

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    release: str
    """`3.12.7`."""
    origin: str
    """Digest of the base that it is of, or `host`: names what its bytes depend on."""

    def compile(self, folder: Path, prefix: str) -> None:
        """Put bytecode beside the sources in *folder*, which will be at *prefix*."""
        self._run("compile", str(folder), prefix)

    def pack(self, package: Path, target: Path, *, left: Sequence[str]) -> None:
        """Move the bytecode of *package* into *target*, but for the modules *left*."""
        self._run("pack", str(package), str(target), *left)

    def gzip(self, source: Path, target: Path, *, level: int) -> None:
        """Compress *source* into *target*."""
        self._run("gzip", str(source), str(target), str(level))

    def _run(self, *arguments: str) -> None:
        run(self.argv, dict(self.environment), *arguments, release=self.release)


def base_toolchain(
    root: Path, facts: Facts, settings: Mapping[str, Any], digest: str
) -> Toolchain:
    """
    The Python of the base image whose files are under *root*, run by its own loader.

    Raises:
        CompilerMissingError: Its programs do not run on this machine.
    """
    python = within(root, facts.python)
    loader = interpreter_of(python)
    if not loader or not within(root, loader).exists():
        raise CompilerMissingError(facts.minor, "the base has no program loader")
    said = environment_of(settings).get("LD_LIBRARY_PATH", "").split(":")
    prefix = PurePosixPath(facts.python).parent.parent
    places = [*said, f"{prefix}/lib", *(f"/{name}" for name in LIBRARY_FOLDERS)]
    libraries = [
        str(within(root, place))
        for place in dict.fromkeys(places)
        if place and within(root, place).is_dir()
    ]
    argv = (
        str(within(root, loader)), "--library-path", os.pathsep.join(libraries),
        str(python),
    )  # fmt: skip
    home = str(within(root, str(prefix)))
    return _tried(argv, {"PYTHONHOME": home}, facts.minor, digest)


def host_toolchain(python: Path, facts: Facts) -> Toolchain:
    """
    A Python of this machine, which was named for it.

    Raises:
        CompilerMissingError: It cannot be run.
        BasePythonError: It is of another release than the base's.
    """
    found = _tried((str(python),), {}, facts.minor, "host")
    if not found.release.startswith(f"{facts.minor}."):
        raise BasePythonError(str(python), found.release, facts.minor)
    return found


def this_python() -> Toolchain:
    """The Python that runs this: for what is to run here."""
    release = ".".join(map(str, sys.version_info[:3]))
    return Toolchain(
        argv=(sys.executable,), environment=_STEADY, release=release, origin="host"
    )


def _tried(
    argv: tuple[str, ...], environment: dict[str, str], minor: str, origin: str
) -> Toolchain:
    environment |= dict(_STEADY)
    try:
        release = run(argv, environment, "version", release=minor)
    except OSError as cause:
        raise CompilerMissingError(minor, str(cause)) from cause
    except CompilerFailedError as cause:
        raise CompilerMissingError(minor, cause.message) from cause
    return Toolchain(
        argv=argv, environment=tuple(environment.items()), release=release,
        origin=origin,
    )  # fmt: skip


def run(
    argv: tuple[str, ...], environment: dict[str, str], *arguments: str, release: str
) -> str:
    """What the tool says; CompilerFailedError if it fails."""
    done = subprocess.run(
        (*argv, "-S", "-s", "-B", "-P", str(TOOL), *arguments), env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip()[-500:] or f"exit status {done.returncode}"
        raise CompilerFailedError(release, said)
    return done.stdout.strip()
