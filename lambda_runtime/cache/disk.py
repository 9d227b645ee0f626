"""The part of `os` the cache works through, so that tests can fail any step of it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Disk(Protocol):
        """Calls of the `os` module, with its meanings and errors."""

        def open(self, path: str, flags: int, mode: int = 0o777) -> int:
            """`os.open`."""
            ...

        def close(self, fd: int) -> None:
            """`os.close`."""
            ...

        def fstat(self, fd: int) -> os.stat_result:
            """`os.fstat`."""
            ...

        def preadv(
            self, fd: int, buffers: Sequence[bytearray | memoryview], offset: int
        ) -> int:
            """`os.preadv`."""
            ...

        def write(self, fd: int, data: memoryview) -> int:
            """`os.write`."""
            ...

        def posix_fallocate(self, fd: int, offset: int, length: int) -> None:
            """`os.posix_fallocate`."""
            ...

        def replace(self, source: str, target: str) -> None:
            """`os.replace`."""
            ...

        def link(self, source: str, target: str) -> None:
            """`os.link`."""
            ...

        def symlink(self, source: str, target: str) -> None:
            """`os.symlink`."""
            ...

        def unlink(self, path: str) -> None:
            """`os.unlink`."""
            ...

        def makedirs(self, path: str, mode: int = 0o777, *, exist_ok: bool) -> None:
            """`os.makedirs`."""
            ...


class RealDisk:
    """The machine's own disks."""

    open = staticmethod(os.open)
    close = staticmethod(os.close)
    fstat = staticmethod(os.fstat)
    preadv = staticmethod(os.preadv)
    write = staticmethod(os.write)
    posix_fallocate = staticmethod(os.posix_fallocate)
    replace = staticmethod(os.replace)
    link = staticmethod(os.link)
    symlink = staticmethod(os.symlink)
    unlink = staticmethod(os.unlink)
    makedirs = staticmethod(os.makedirs)
