"""Files kept in anonymous memory, for when /tmp cannot hold them."""

from __future__ import annotations

import fcntl
import os

from lambda_runtime.cache import check
from lambda_runtime.cache.tier import NoRoom, why

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.cache.tier import Fill, Limit
    from lambda_runtime.manifest import File

_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW


def available_bytes() -> int:
    """Memory that can be taken without swapping, as the kernel estimates it."""
    with open("/proc/meminfo", "rb") as lines:
        for line in lines:
            if line.startswith(b"MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0


class Memory:
    """A sink of sealed memory files: nothing can change them once they were checked."""

    kept = "memory"

    def __init__(self, budget: int | None = None) -> None:
        self._budget = budget
        self._fds: dict[str, int] = {}

    def receive(self, file: File, fill: Fill, limit: Limit) -> str:
        """
        Keep what *fill* writes; return its path, valid in this process only.

        Raises:
            NoRoom: There is not enough memory.
            Miss: What *fill* raises; Corrupt if it wrote something else.
        """
        room = available_bytes() if self._budget is None else self._budget
        if file.bytes > room:
            raise NoRoom(f"{file.bytes} bytes do not fit in {room} of memory")
        fd = os.memfd_create(file.sha256[:16], os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            if file.bytes:
                os.posix_fallocate(fd, 0, file.bytes)
            check.expect_digest(fill(fd), file)
            limit.check()
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
        except OSError as cause:
            os.close(fd)
            raise NoRoom(why(cause)) from None
        except BaseException:
            os.close(fd)
            raise
        self._fds[file.sha256] = fd
        return f"/proc/self/fd/{fd}"

    def close(self) -> None:
        """Free every file; paths given before are no longer valid."""
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()
