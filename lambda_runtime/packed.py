"""
Our modules out of one file of bytecode, where an image has one.

An image's files come over the network when they are first read, in chunks; fifty
modules in files of their own are fifty of both. The file is made with the image, by
the interpreter that will read it (`mlflow_serverless/build/tool.py`), and is laid out
as

    4 bytes           the magic number of the bytecode
    4 bytes           length of the index, little-endian
    index             marshal: module name to (offset, length, whether it is a package)
    code objects      marshal, one after the other

Offsets count from the first code object. Without the file, or under another Python,
modules are found the usual way: their sources stand beside it, and tracebacks show
them. The file stays open: a snapshot keeps open files.
"""

from __future__ import annotations

import marshal
import os
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    Index = Mapping[str, tuple[int, int, bool]]

FILE = "modules.bytecode"

_HEAD = 8


class Packed:
    """
    Finds and loads the modules of one file; has what `sys.meta_path` asks for.

    Args:
        fd: The file, open.
        start: Where its code objects begin.
        index: What is where among them.
        root: Folder that holds our package.
    """

    def __init__(self, fd: int, start: int, index: Index, root: str) -> None:
        self._fd, self._start, self._index, self._root = fd, start, index, root

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002 - the protocol's
    ) -> ModuleSpec | None:
        """Where the module *name* is, if it is ours."""
        entry = self._index.get(name)
        if entry is None:
            return None
        folder = f"{self._root}/{name.replace('.', '/')}"
        origin = f"{folder}/__init__.py" if entry[2] else f"{folder}.py"
        spec = ModuleSpec(
            name,
            self,  # type: ignore[arg-type] # `exec_module` is all that imports need
            origin=origin,
            is_package=entry[2],
        )
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(folder)
        return spec

    def create_module(self, spec: ModuleSpec) -> None:
        """As Python makes modules."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code in it."""
        offset, length, _ = self._index[module.__name__]
        data = os.pread(self._fd, length, self._start + offset)
        exec(marshal.loads(data), module.__dict__)  # noqa: S102, S302 - an import does just this


def find_packed(folder: str) -> Packed | None:
    """What finds the modules of the package in *folder*, if it is packed for us."""
    try:
        fd = os.open(f"{folder}/{FILE}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    head = os.pread(fd, _HEAD, 0)
    if head[:4] != MAGIC_NUMBER:
        os.close(fd)
        return None
    length = int.from_bytes(head[4:], "little")
    index = marshal.loads(os.pread(fd, length, _HEAD))  # noqa: S302 - as our code is
    return Packed(fd, _HEAD + length, index, os.path.dirname(folder))


def use(folder: str) -> None:
    """Let imports look into the file of the package in *folder* first, if any."""
    found = find_packed(folder)
    if found is not None:
        sys.meta_path.insert(0, found)
