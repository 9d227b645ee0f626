"""Runs under the base image's own Python, with nothing but its library.

    python tool.py compile FOLDER PREFIX    bytecode beside every source in FOLDER
    python tool.py gzip SOURCE TARGET LEVEL
    python tool.py version

Bytecode and compressed bytes depend on the release that makes them. Made by the base,
which is pinned by its digest, they are the same on every machine.
"""

from __future__ import annotations

import os
import py_compile
import sys
import zlib
from collections.abc import Iterator, Sequence

BLOCK = 1 << 20


def sources(folder: str) -> Iterator[str]:
    """Every Python file below *folder*, in order."""
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                yield os.path.join(where, name)  # noqa: PTH118 - paths are only text here


def compile_all(folder: str, prefix: str) -> None:
    """Compile what compiles; what does not could not be imported either."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for path in sources(folder):
        shown = prefix + path.removeprefix(folder)
        try:
            py_compile.compile(path, dfile=shown, doraise=True, invalidation_mode=mode)
        except py_compile.PyCompileError:
            continue


def gzip(source: str, target: str, level: int) -> None:
    """Compress, with a header that holds no name and no time."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    with open(source, "rb") as ours, open(target, "wb") as theirs:  # noqa: PTH123 - as above
        while block := ours.read(BLOCK):
            theirs.write(packer.compress(block))
        theirs.write(packer.flush())


def main(arguments: Sequence[str]) -> None:
    """Do one thing."""
    verb, *rest = arguments
    if verb == "compile":
        compile_all(rest[0], rest[1])
    elif verb == "gzip":
        gzip(rest[0], rest[1], int(rest[2]))
    else:
        sys.stdout.write(".".join(map(str, sys.version_info[:3])))


if __name__ == "__main__":
    main(sys.argv[1:])
