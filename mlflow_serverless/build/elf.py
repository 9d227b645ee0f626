"""What native libraries ask of the machine that loads them."""

import re
from collections.abc import Iterable
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import (
    GNUVerDefSection,
    GNUVerNeedSection,
    GNUVersionSection,
)

from mlflow_serverless.build.errors import GlibcError, WrongArchitectureError
from mlflow_serverless.build.options import Architecture
from mlflow_serverless.build.platforms import PLATFORMS, Glibc

_MAGIC = b"\x7fELF"
_GLIBC = re.compile(r"GLIBC_(\d+)\.(\d+)")
_NAMES = {platform.elf: name for name, platform in PLATFORMS.items()}


def is_elf(path: Path) -> bool:
    """Whether *path* is a program or a library."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def machine_of(path: Path) -> str:
    """Which processor it is built for: `x86_64`, `arm64`, or the linker's name."""
    with path.open("rb") as file:
        machine = str(ELFFile(file)["e_machine"])
    return _NAMES.get(machine, machine)


def interpreter_of(path: Path) -> str:
    """Path of the loader that a program asks for; empty if it asks for none."""
    with path.open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_INTERP"):
            return str(segment.get_interp_name())  # a PT_INTERP has it
    return ""


def glibc_needed(path: Path) -> Glibc | None:
    """The newest symbol version that a library takes from glibc; None if none."""
    return _newest(path, GNUVerNeedSection)


def glibc_defined(libc: Path) -> Glibc | None:
    """The release of a `libc.so.6`: the newest symbol version it defines."""
    return _newest(libc, GNUVerDefSection)


def _newest(path: Path, kind: type[GNUVersionSection]) -> Glibc | None:
    with path.open("rb") as file:
        names = [
            str(auxiliary.name)
            for section in ELFFile(file).iter_sections()
            if isinstance(section, kind)
            for _, auxiliaries in section.iter_versions()
            for auxiliary in auxiliaries
        ]
    found = (_GLIBC.match(name) for name in names)
    return max(((int(m[1]), int(m[2])) for m in found if m), default=None)


def require_fit(
    folder: Path, files: Iterable[Path], architecture: Architecture, base: str,
    glibc: Glibc,
) -> int:  # fmt: skip
    """
    Check every native library among *files*; how many there are.

    Args:
        folder: What the files' names are shown relative to.
        files: Anything; what is no library passes.
        architecture: What they will run on.
        base: Name of the base image, for the error.
        glibc: The base's.

    Raises:
        WrongArchitectureError: One is for another processor.
        GlibcError: One needs a newer C library.
    """
    count = 0
    for path in files:
        if not is_elf(path):
            continue
        name = path.relative_to(folder).as_posix()
        try:
            machine, needs = machine_of(path), glibc_needed(path)
        except ELFError as cause:
            raise WrongArchitectureError(
                name, f"nothing ({cause})", architecture
            ) from cause
        if machine != architecture:
            raise WrongArchitectureError(name, machine, architecture)
        if needs is not None and needs > glibc:
            raise GlibcError(name, needs, base, glibc)
        count += 1
    return count
