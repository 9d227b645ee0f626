"""Runs under the base image's own Python, with nothing but its library.

    python tool.py compile FOLDER PREFIX    bytecode beside every source in FOLDER
    python tool.py pack PACKAGE TARGET MODULE...    that of a package, in one file
    python tool.py gzip SOURCE TARGET LEVEL
    python tool.py version

Bytecode and compressed bytes depend on the release that makes them. Made by the base,
which is pinned by its digest, they are the same on every machine.
"""

from __future__ import annotations

import marshal
import os
import py_compile
import sys
import zlib
from collections.abc import Container, Iterator, Sequence
from importlib.util import MAGIC_NUMBER, cache_from_source

BLOCK = 1 << 20
_HEADER = 16
"""Of a `.pyc`, before the code [bytes]."""


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


def pack(package: str, target: str, left: Container[str]) -> None:
    """
    Move the bytecode of a package's folder into *target*, but for the modules *left*.

    `lambda_runtime.packed` reads it, and says how it is laid out.
    """
    index: dict[str, tuple[int, int, bool]] = {}
    codes: list[bytes] = []
    size = 0
    for path in sources(package):
        name, whole = _module(path, os.path.dirname(package))  # noqa: PTH120 - as above
        compiled = cache_from_source(path)
        if name in left or not os.path.exists(compiled):  # noqa: PTH110 - as above
            continue
        with open(compiled, "rb") as file:  # noqa: PTH123 - as above
            code = file.read()[_HEADER:]
        os.unlink(compiled)  # noqa: PTH108 - as above
        index[name] = size, len(code), whole
        codes.append(code)
        size += len(code)
    head = marshal.dumps(index)
    with open(target, "wb") as file:  # noqa: PTH123 - as above
        file.write(MAGIC_NUMBER + len(head).to_bytes(4, "little") + head)
        file.writelines(codes)


def _module(path: str, root: str) -> tuple[str, bool]:
    """Name of the module at *path* below *root*, and whether it is a package."""
    name = path.removeprefix(root + "/").removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__"), name.endswith(".__init__")


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
    elif verb == "pack":
        pack(rest[0], rest[1], rest[2:])
    elif verb == "gzip":
        gzip(rest[0], rest[1], int(rest[2]))
    else:
        sys.stdout.write(".".join(map(str, sys.version_info[:3])))


if __name__ == "__main__":
    main(sys.argv[1:])
