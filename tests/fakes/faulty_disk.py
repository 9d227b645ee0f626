"""A disk whose every call can fail, stall or lie, on the paths that are told."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from lambda_runtime.cache.disk import RealDisk


@dataclass
class Fault:
    """What goes wrong in *call*, on paths with *where* in them, after some calls."""

    call: str
    where: str = ""
    errno: int = errno.EIO
    after: int = 0
    stall_s: float = 0.0
    flip: bool = False
    """Return wrong bytes instead of failing (`preadv` only)."""
    times: int = 1_000_000
    """How many calls meet it; then it is over."""


@dataclass
class FaultyDisk(RealDisk):
    """The real disk, until a fault matches; descriptors remember their paths."""

    faults: list[Fault] = field(default_factory=list)
    _paths: dict[int, str] = field(default_factory=dict)

    def _meet(self, call: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.call != call or fault.where not in path:
                continue
            if fault.after:
                fault.after -= 1
                continue
            if not fault.times:
                continue
            fault.times -= 1
            if fault.stall_s:
                time.sleep(fault.stall_s)
                continue
            if fault.flip:
                return fault
            raise OSError(fault.errno, os.strerror(fault.errno), path)
        return None

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        self._meet("open", path)
        fd = os.open(path, flags, mode)
        self._paths[fd] = path
        return fd

    def close(self, fd: int) -> None:
        path = self._paths.pop(fd, "")
        os.close(fd)
        self._meet("close", path)

    def fstat(self, fd: int) -> os.stat_result:
        self._meet("fstat", self._paths.get(fd, ""))
        return os.fstat(fd)

    def preadv(
        self, fd: int, buffers: Sequence[bytearray | memoryview], offset: int
    ) -> int:
        met = self._meet("preadv", self._paths.get(fd, ""))
        count = os.preadv(fd, buffers, offset)
        if met is not None and count:
            buffers[0][0] ^= 1
        return count

    def write(self, fd: int, data: memoryview) -> int:
        self._meet("write", self._paths.get(fd, ""))
        return os.write(fd, data[: max(1, len(data) // 2)])

    def posix_fallocate(self, fd: int, offset: int, length: int) -> None:
        self._meet("posix_fallocate", self._paths.get(fd, ""))
        os.posix_fallocate(fd, offset, length)

    def replace(self, source: str, target: str) -> None:
        self._meet("replace", target)
        os.replace(source, target)

    def link(self, source: str, target: str) -> None:
        self._meet("link", target)
        os.link(source, target)

    def symlink(self, source: str, target: str) -> None:
        self._meet("symlink", target)
        os.symlink(source, target)

    def unlink(self, path: str) -> None:
        self._meet("unlink", path)
        os.unlink(path)

    def makedirs(self, path: str, mode: int = 0o777, *, exist_ok: bool) -> None:
        self._meet("makedirs", path)
        os.makedirs(path, mode, exist_ok=exist_ok)
