"""Checking a large file on all cores at once, by the digests of its pieces.

The manifest that names the file's own digest gives these too; either proves the
content, and only these can be computed side by side.
"""

from __future__ import annotations

import _thread
import hashlib
import os

from lambda_runtime.cache.tier import Corrupt, Miss, why
from lambda_runtime.manifest import PIECE_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambda_runtime.cache.disk import Disk
    from lambda_runtime.cache.tier import Limit
    from lambda_runtime.manifest import File


def of(file: File) -> tuple[str, ...]:
    """The digests of the file's pieces, if the manifest has them all; else none."""
    complete = len(file.pieces) == -(-file.bytes // PIECE_BYTES)
    return file.pieces if complete else ()


def expect(found: str, byte: int, digests: tuple[str, ...]) -> None:
    """Raise Corrupt unless *found* is the digest of the piece that holds *byte*."""
    piece = byte // PIECE_BYTES
    if found != digests[piece]:
        raise Corrupt(f"other content than the manifest says, in piece {piece}")


def expect_all(disk: Disk, fd: int, file: File, limit: Limit) -> None:
    """
    Raise Corrupt unless every piece of *fd*'s content is right.

    Raises:
        Miss: Reading failed, or the time is over.
    """
    starts = list(range(0, file.bytes, PIECE_BYTES))[::-1]
    failures: list[BaseException] = []
    ended = _thread.allocate_lock()
    ended.acquire()
    workers = [None] * min(len(os.sched_getaffinity(0)), len(starts))

    def work() -> None:
        buffer = bytearray(PIECE_BYTES)
        try:
            while not failures:
                start = starts.pop()
                view = memoryview(buffer)[: file.bytes - start]
                _read_at(disk, fd, start, view, limit)
                expect(hashlib.sha256(view).hexdigest(), start, file.pieces)
        except IndexError:
            pass  # all pieces are taken
        except BaseException as cause:  # noqa: BLE001 - raised again below
            failures.append(cause)
        finally:
            workers.pop()
            if not workers:
                ended.release()

    for _ in list(workers):
        _thread.start_new_thread(work, ())
    ended.acquire()
    if failures:
        raise failures[0]


def _read_at(disk: Disk, fd: int, start: int, view: memoryview, limit: Limit) -> None:
    """Fill *view* from byte *start*; Miss or Corrupt if that cannot be."""
    got = 0
    while got < len(view):
        limit.check()
        try:
            count = disk.preadv(fd, [view[got:]], start + got)
        except OSError as cause:
            raise Miss(f"{why(cause)} after {start + got} bytes") from None
        if not count:
            raise Corrupt(f"ends after {start + got} bytes")
        got += count
