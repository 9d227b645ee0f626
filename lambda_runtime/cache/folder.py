"""A folder of files named by their SHA-256: whole or absent, within a budget."""

from __future__ import annotations

import errno
import fcntl
import os
import time

from lambda_runtime.cache import check, sweep
from lambda_runtime.cache.tier import Corrupt, Miss, NoRoom, why

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_runtime.cache.disk import Disk
    from lambda_runtime.cache.sweep import Manners
    from lambda_runtime.cache.tier import Fill, Limit
    from lambda_runtime.manifest import File

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder:
    """Finished files by digest; a file being written is invisible until it is right.

    Safe to share between processes: names are digests, writers use names of their
    own, and renaming is atomic, so whoever comes second replaces equal by equal.
    """

    def __init__(
        self, root: str, budget: int | None, manners: Manners, disk: Disk
    ) -> None:
        self.root = root
        self.kept = "tmp" if manners.locks else "mount"
        self._budget = budget
        self._manners = manners
        self._disk = disk
        self._held: dict[str, int] = {}
        self._seals: dict[str, check.Seal] = {}
        self._ready = False

    def find(self, file: File, limit: Limit) -> str:
        """
        The path of *file* here, its content checked once in this process.

        Raises:
            Miss: It is absent or unreadable.
            Corrupt: Something else has its name; it is removed if the folder is ours.
        """
        return self._adopt(file, limit, self._drop)

    def receive(self, file: File, fill: Fill, limit: Limit) -> str:
        """
        Keep what *fill* writes, if its digest is the file's; return the path.

        Raises:
            NoRoom: The folder is full, over its budget, or not writable.
            Miss: What *fill* raises; Corrupt if it wrote something else.
        """
        try:
            fd, temporary = self._begin(file, limit)
        except OSError as cause:
            raise NoRoom(why(cause)) from None
        try:
            check.expect_digest(fill(fd), file)
            limit.check()
            return self._publish(file, fd, temporary, limit)
        except OSError as cause:
            raise NoRoom(why(cause)) from None
        finally:
            self._abandon(fd, temporary)

    def linked(self, file: File) -> None:
        """Note that we gave a file another name, which the kernel counts as a change.

        Without this the next `find` would read the whole file again.
        """
        fd, seal = self._held.get(file.sha256), self._seals.get(file.sha256)
        if fd is not None and seal is not None:
            now = check.seal_of(self._disk.fstat(fd))
            if now[:4] == seal[:4]:
                self._seals[file.sha256] = now

    def close(self) -> None:
        """Let go of every file in use; others may evict them now."""
        for fd in self._held.values():
            self._disk.close(fd)
        self._held.clear()
        self._seals.clear()

    def _path(self, file: File) -> str:
        return f"{self.root}/{file.sha256}"

    def _adopt(
        self, file: File, limit: Limit, wrong: Callable[[int, str, Limit], None]
    ) -> str:
        """Check and use the file under the name; *wrong* is told if it is corrupt."""
        path = self._path(file)
        fd = check.open_regular(self._disk, path, file)
        try:
            self._lock(fd, path)
            self._expect(fd, file, limit)
        except BaseException as cause:
            if isinstance(cause, Corrupt):
                wrong(fd, path, limit)
            self._disk.close(fd)
            raise
        self._hold(file, fd)
        return path

    def _drop(self, fd: int, path: str, limit: Limit) -> None:
        """Remove a corrupt file of ours, if nobody mended it meanwhile."""
        if self._manners.locks:
            with _Guard(self.root, self._manners, limit):
                if os.stat(path, follow_symlinks=False).st_ino == os.fstat(fd).st_ino:
                    sweep.remove(self._disk, path)

    def _lock(self, fd: int, path: str) -> None:
        """Mark the file as in use, and see that it is still the one under its name."""
        if not self._manners.locks:
            return
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            named = os.stat(path, follow_symlinks=False).st_ino
        except OSError:
            raise Miss("being evicted by another process") from None
        if named != os.fstat(fd).st_ino:
            raise Miss("replaced by another process")

    def _expect(self, fd: int, file: File, limit: Limit) -> None:
        """Raise unless the content is right; known seals are not read again."""
        if self._seals.get(file.sha256) == check.seal_of(self._disk.fstat(fd)):
            return
        sweep.touch(fd)
        before = check.seal_of(self._disk.fstat(fd))
        check.expect_content(self._disk, fd, file, limit)
        if check.seal_of(self._disk.fstat(fd))[:4] != before[:4]:
            raise Corrupt("rewritten while it was read")
        self._seals[file.sha256] = before

    def _hold(self, file: File, fd: int) -> None:
        old = self._held.pop(file.sha256, None)
        if old is not None:
            self._disk.close(old)
        if self._manners.locks:
            self._held[file.sha256] = fd
        else:
            self._disk.close(fd)

    def _begin(self, file: File, limit: Limit) -> tuple[int, str]:
        """Create an unfinished file with all its space reserved."""
        if not self._ready:
            if self._manners.locks:  # a mount's folder is there, or is not mounted
                self._disk.makedirs(self.root, 0o700, exist_ok=True)
            sweep.clean(self._disk, self.root, self._manners)
            self._ready = True
        with _Guard(self.root, self._manners, limit):
            self._make_room(file.bytes)
            temporary = f"{self.root}/{sweep.PART}{os.urandom(8).hex()}"
            fd = self._disk.open(temporary, _CREATE, 0o600)
            try:
                self._reserve(fd, file.bytes)
            except BaseException:
                self._abandon(fd, temporary)
                raise
            return fd, temporary

    def _reserve(self, fd: int, size: int) -> None:
        """Take the space now: writing to a full disk through a mapping is a SIGBUS."""
        if self._manners.locks:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        while size:
            try:
                return self._disk.posix_fallocate(fd, 0, size)
            except OSError as cause:
                full = cause.errno in {errno.ENOSPC, errno.EDQUOT}
                if not (full and self._evict_one()):
                    raise
        return None

    def _publish(self, file: File, fd: int, temporary: str, limit: Limit) -> str:
        """Give the finished file its name, unless an equal one was faster.

        Replacing that one would take the name from under those who use it.
        """
        os.fchmod(fd, self._manners.mode)
        if self._manners.locks:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        else:
            self._disk.close(os.dup(fd))  # where network disks say that they are full
        with _Guard(self.root, self._manners, limit):
            try:
                return self._adopt(file, limit, _leave)
            except Miss:
                path = self._path(file)
                self._disk.replace(temporary, path)
            self._seals[file.sha256] = check.seal_of(self._disk.fstat(fd))
            self._hold(file, os.dup(fd))
            return path

    def _abandon(self, fd: int, temporary: str) -> None:
        sweep.remove(self._disk, temporary)
        self._disk.close(fd)

    def _evict_one(self) -> bool:
        """Remove the longest unused file that nobody uses; whether there was one."""
        return any(
            sweep.evict(self._disk, self.root, entry, self._manners)
            for entry in sweep.entries(self.root)
        )

    def _make_room(self, wanted: int) -> None:
        if self._budget is None:
            return
        used = sweep.bytes_in(self.root)
        while used + wanted > self._budget and self._evict_one():
            used = sweep.bytes_in(self.root)
        if used + wanted > self._budget:
            raise NoRoom(
                f"{wanted} bytes do not fit beside {used} in use, "
                f"in a budget of {self._budget}"
            )


class _Guard:
    """Held while names come and go, by one process at a time; not on mounts."""

    def __init__(self, root: str, manners: Manners, limit: Limit) -> None:
        self._path = f"{root}/.lock" if manners.locks else ""
        self._limit = limit
        self._fd = -1

    def __enter__(self) -> None:
        if self._path:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._fd = os.open(self._path, flags, 0o600)
            while not self._taken():
                if not self._limit.left():
                    self.__exit__()
                    raise NoRoom("locked by another process")
                time.sleep(0.002)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)


def _leave(_fd: int, _path: str, _limit: Limit) -> None:
    """What replaces the file will be renamed over it."""
