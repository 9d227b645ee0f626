"""Keeping a folder of files named by digest within bounds: eviction and leftovers."""

from __future__ import annotations

import fcntl
import os
import time

from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambda_runtime.cache.disk import Disk

PART = ".part-"
"""How the names of unfinished files begin."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Manners(NamedTuple):
    """How a folder is shared with others."""

    locks: bool
    """Whether users lock what they use: kernel locks, gone with their process."""
    mode: int
    """Permissions of finished files."""
    grace_s: float
    """Files used within this time are not evicted [s]."""
    leftovers_s: float
    """Unfinished files untouched for this long have no writer any more [s]."""


PRIVATE = Manners(locks=True, mode=0o400, grace_s=0, leftovers_s=60)
"""One machine, our own processes, as in `/tmp`."""

SHARED = Manners(locks=False, mode=0o444, grace_s=86_400, leftovers_s=3600)
"""A network mount: locks there may hang, and deleting a file that another environment
maps kills that environment; none lives for a day without touching what it uses."""


class Entry(NamedTuple):
    """One finished file of the folder."""

    used_ns: int
    bytes: int
    path: str


def entries(root: str) -> list[Entry]:
    """Finished files, the longest unused first."""
    return sorted(entry for entry in _listed(root) if PART not in entry.path)


def bytes_in(root: str) -> int:
    """What finished and unfinished files take together."""
    return sum(entry.bytes for entry in _listed(root))


def _listed(root: str) -> Iterator[Entry]:
    for item in os.scandir(root):
        if len(item.name) == 64 or item.name.startswith(PART):
            try:
                state = item.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # renamed or evicted meanwhile
            used = max(state.st_atime_ns, state.st_mtime_ns)
            yield Entry(used, state.st_size, item.path)


def touch(fd: int) -> None:
    """
    Note that a file is used now; a read-only disk is no error.

    The time of its last change stays: another process may be reading it for a check,
    and must see nothing but real changes.
    """
    try:
        os.utime(fd, ns=(time.time_ns(), os.fstat(fd).st_mtime_ns))
    except OSError:
        return


def remove(disk: Disk, path: str) -> None:
    """Unlink *path* if it is there and ours to remove."""
    try:
        disk.unlink(path)
    except OSError:
        return


def evict(disk: Disk, root: str, entry: Entry, manners: Manners) -> bool:
    """Remove a file that nobody uses, with the links to it; whether it is gone."""
    if time.time_ns() - entry.used_ns < manners.grace_s * 1e9:
        return False
    try:
        fd = os.open(entry.path, _READ)
    except OSError:
        return False
    try:
        if manners.locks:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _unlink_views(root, os.fstat(fd))
        disk.unlink(entry.path)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def clean(disk: Disk, root: str, manners: Manners) -> None:
    """Remove what killed writers left."""
    for item in os.scandir(root):
        if item.name.startswith(PART):
            try:
                _clean_one(disk, item, manners)
            except OSError:
                continue  # another process was faster, or is still writing it


def _clean_one(disk: Disk, item: os.DirEntry[str], manners: Manners) -> None:
    age = time.time() - item.stat(follow_symlinks=False).st_mtime
    if age < manners.leftovers_s:
        return
    if manners.locks:
        fd = os.open(item.path, _READ)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(fd)
    disk.unlink(item.path)


def _unlink_views(root: str, state: os.stat_result) -> None:
    """Remove the names that views gave to a file, or its space would stay taken."""
    for folder, _, names in os.walk(f"{root}/view"):
        for name in names:
            path = f"{folder}/{name}"
            if os.stat(path, follow_symlinks=False).st_ino == state.st_ino:
                os.unlink(path)
