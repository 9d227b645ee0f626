"""Is this file what the manifest says? Digests, and seals of what was checked."""

from __future__ import annotations

import os
import stat

from lambda_runtime.cache.tier import Corrupt, Limit, Miss, why
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_runtime.cache.disk import Disk
    from lambda_runtime.manifest import File

CHUNK = 1 << 20
"""Bytes hashed, copied or asked for at a time: between two looks at the clock."""

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""A link or a pipe under a file's name must neither be followed nor waited for."""


class Seal(NamedTuple):
    """The identity of a file whose content was checked.

    `ctime_ns` is the kernel's: whoever rewrites or replaces the file cannot set it
    back, so an equal seal means the checked content.
    """

    device: int
    inode: int
    bytes: int
    mtime_ns: int
    ctime_ns: int


def seal_of(state: os.stat_result) -> Seal:
    """The seal of a file in this state."""
    return Seal(
        state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns
    )


def open_regular(disk: Disk, path: str, file: File) -> int:
    """
    Open *path* for reading if it may be *file*.

    Raises:
        Miss: It is absent or may not be read.
        Corrupt: It is no regular file, or of another size.
    """
    try:
        fd = disk.open(path, _OPEN)
    except OSError as cause:
        raise Miss(why(cause)) from None
    try:
        expect_shape(disk.fstat(fd), file)
    except OSError as cause:
        disk.close(fd)
        raise Miss(why(cause)) from None
    except Miss:
        disk.close(fd)
        raise
    return fd


def expect_shape(state: os.stat_result, file: File) -> None:
    """Raise Corrupt unless *state* is a regular file of the right size."""
    if not stat.S_ISREG(state.st_mode):
        raise Corrupt("not a regular file")
    if state.st_size != file.bytes:
        raise Corrupt(f"{state.st_size} bytes instead of {file.bytes}")


def expect_digest(found: str, file: File) -> None:
    """Raise Corrupt unless *found* is the file's digest."""
    if found != file.sha256:
        raise Corrupt(f"sha256 {found[:12]}… instead of {file.sha256[:12]}…")


def read_through(
    disk: Disk, fd: int, limit: Limit, take: Callable[[memoryview], object]
) -> str:
    """
    Pass all of *fd*'s content to *take*, in pieces; return its SHA-256 in hex.

    Raises:
        Miss: Reading failed, or the time is over.
    """
    import hashlib  # noqa: PLC0415 - loads OpenSSL; a bundle needs no digest

    digest, buffer, offset = hashlib.sha256(), bytearray(CHUNK), 0
    view = memoryview(buffer)
    while True:
        limit.check()
        try:
            count = disk.preadv(fd, [buffer], offset)
        except OSError as cause:
            raise Miss(f"{why(cause)} after {offset} bytes") from None
        if not count:
            return digest.hexdigest()
        digest.update(view[:count])
        take(view[:count])
        offset += count


def expect_content(disk: Disk, fd: int, file: File, limit: Limit) -> None:
    """Raise Corrupt unless *fd*'s content is the file's; Miss if unreadable."""
    from lambda_runtime.cache import pieces  # noqa: PLC0415 - loads OpenSSL

    if len(pieces.of(file)) > 1:
        pieces.expect_all(disk, fd, file, limit)
    else:
        expect_digest(read_through(disk, fd, limit, len), file)


def verify(disk: Disk, path: str, file: File, limit: Limit) -> None:
    """Raise Corrupt unless the content of *path* is the file's; Miss if unreadable."""
    fd = open_regular(disk, path, file)
    try:
        expect_content(disk, fd, file, limit)
    finally:
        disk.close(fd)


def copier(disk: Disk, source: str, file: File, limit: Limit) -> Callable[[int], str]:
    """What fills a sink from the file at *source*, hashing what it writes."""

    def fill(target: int) -> str:
        fd = open_regular(disk, source, file)
        try:
            return pourer(disk, fd, limit)(target)
        finally:
            disk.close(fd)

    return fill


def pourer(disk: Disk, fd: int, limit: Limit) -> Callable[[int], str]:
    """What fills a sink from the open file *fd*, hashing what it writes."""

    def fill(target: int) -> str:
        return read_through(
            disk, fd, limit, lambda piece: write_all(disk, target, piece)
        )

    return fill


def write_all(disk: Disk, fd: int, piece: memoryview) -> None:
    """Write the whole *piece*; OSError as the disk raises it."""
    while len(piece):
        piece = piece[disk.write(fd, piece) :]
