"""What an architecture is called by Lambda, registries, linkers and wheels."""

from dataclasses import dataclass

from mlflow_serverless.build.errors import BaseTooOldError
from mlflow_serverless.build.options import Architecture

Glibc = tuple[int, int]

FLOORS: tuple[Glibc, ...] = ((2, 28), *((2, minor) for minor in range(31, 41)))
"""What `uv --python-platform` can be told; below 2.28 there is no current onnxruntime,
and an old one would be resolved without a word."""


@dataclass(frozen=True, slots=True)
class Platform:
    """One architecture, in everybody's words."""

    architecture: Architecture
    oci: str
    elf: str
    wheels: str


PLATFORMS: dict[Architecture, Platform] = {
    "x86_64": Platform("x86_64", "amd64", "EM_X86_64", "x86_64"),
    "arm64": Platform("arm64", "arm64", "EM_AARCH64", "aarch64"),
}


def here(machine: str) -> Architecture | None:
    """This machine's architecture, by what `uname -m` says; None if it is neither."""
    known: dict[str, Architecture] = {
        "x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64",
    }  # fmt: skip
    return known.get(machine.lower())


def wheel_platform(architecture: Architecture, base: str, glibc: Glibc) -> str:
    """
    The platform to resolve wheels for: the newest that runs on the base's glibc.

    Raises:
        BaseTooOldError: Current wheels do not run on it.
    """
    fitting = [floor for floor in FLOORS if floor <= glibc]
    if not fitting:
        raise BaseTooOldError(base, glibc, FLOORS[0])
    major, minor = fitting[-1]
    return f"{PLATFORMS[architecture].wheels}-manylinux_{major}_{minor}"
