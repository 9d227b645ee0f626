"""One object by many ranged requests at once, each written where it belongs.

Pieces go through a small buffer, not into a mapping of the file: they are hashed while
the CPU's cache still holds them, writing costs a quarter of what page faults do, and a
disk that fails is an error, not a SIGBUS.
"""

from __future__ import annotations

import _thread
import hashlib
import os
import time

from lambda_runtime.cache import pieces
from lambda_runtime.cache.tier import Corrupt, Miss, NoRoom, why
from lambda_runtime.manifest import PIECE_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_runtime.cache.http import Connection
    from lambda_runtime.cache.tier import Limit
    from lambda_runtime.manifest import File

    Ask = Callable[[Connection, "Part", str], int]
    """Sends the request for the rest of a part, given the ETag the others have;
    answers how many bytes of body will come. Raises Again or Miss."""

CONNECTIONS = 16
"""S3 gives about 80 MB/s to one connection; sixteen fill any function's network."""
_LARGEST = 8 << 20
_ATTEMPTS = 6
STALL_S = 5.0
"""A connection silent for this long is given up and asked anew [s]."""
_BUFFER = 256 << 10


class Again(Exception):
    """The server asks to try again; `wait` is how long at least [s]."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class Part:
    """One range of the object, and how much of it has arrived."""

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        """First byte."""
        self.end = end
        """One past the last byte."""
        self.done = start
        """Everything before this has arrived."""
        self.digest = hashlib.sha256()
        """Of what has arrived of the current piece."""


def parts_of(size: int) -> list[Part]:
    """
    Ranges of 2 to 8 MiB that cover *size* bytes in order.

    As many as there are connections, if their size allows it: every range costs a
    first byte's wait, every connection more is more bandwidth.
    """
    share = -(-size // (CONNECTIONS * PIECE_BYTES))
    step = min(_LARGEST, max(1, share) * PIECE_BYTES)
    return [Part(start, min(start + step, size)) for start in range(0, size, step)] or [
        Part(0, 0)
    ]


class Transfer:
    """One object on its way; made, run once, and thrown away."""

    def __init__(
        self, connect: Callable[[], Connection], ask: Ask, limit: Limit
    ) -> None:
        self.etag = ""
        """Version of the object that the ranges come from, once known."""
        self._connect = connect
        self._ask = ask
        self._limit = limit
        self._lock = _thread.allocate_lock()
        self._bell = _thread.allocate_lock()
        self._bell.acquire()
        self._open: list[Connection] = []
        self._waiting: list[Part] = []
        self._workers = 0
        self._target = -1
        self._failure: BaseException | None = None
        self._pieces: tuple[str, ...] = ()

    def run(self, target: int, file: File) -> str:
        """
        Write the object into the descriptor *target*; return its SHA-256 in hex.

        If the manifest knows the digests of its pieces, the connections' threads
        check those, all cores at once; else this thread follows them.

        The space must be reserved. The digest is of what lies in the target.

        Raises:
            Miss: It did not arrive, or not in time; nothing more will be written.
        """
        if not file.bytes:
            return hashlib.sha256().hexdigest()
        parts = parts_of(file.bytes)
        self._pieces = pieces.of(file)
        try:
            self._start(parts, target)
            if self._pieces:
                self._await(parts)
                return file.sha256
            return self._follow(parts, target)
        finally:
            self._stop()

    def agree(self, etag: str) -> None:
        """Note the version a response came from; Corrupt if it is another."""
        with self._lock:
            self.etag = self.etag or etag
            if etag != self.etag:
                raise Corrupt("the object was replaced while it was read")

    def _start(self, parts: list[Part], target: int) -> None:
        """One thread a connection; the last to end gives the descriptor back."""
        self._waiting = parts[::-1]
        self._workers = min(CONNECTIONS, len(parts))
        self._target = os.dup(target)
        for _ in range(self._workers):
            _thread.start_new_thread(self._work, ())

    def _follow(self, parts: list[Part], target: int) -> str:
        """Hash what has arrived without a gap, while the rest still arrives."""
        digest, hashed, buffer = hashlib.sha256(), 0, bytearray(1 << 20)
        view = memoryview(buffer)
        while hashed < parts[-1].end:
            self._expect_no_failure()
            ready = min(_reach(parts) - hashed, len(view))
            if ready:
                count = os.preadv(target, [view[:ready]], hashed)
                digest.update(view[:count])
                hashed += count
            else:
                self._bell.acquire(timeout=0.005)
        return digest.hexdigest()

    def _await(self, parts: list[Part]) -> None:
        """Wait until every part was checked and written."""
        while any(part.done < part.end for part in parts):
            self._expect_no_failure()
            self._bell.acquire(timeout=0.02)

    def _expect_no_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._limit.check()

    def _stop(self) -> None:
        """Have every worker end before the target is given up.

        One that hangs where it cannot be cut (name resolution) is left: the file it
        would write to is gone, and it finds nothing to do when it wakes.
        """
        patience = time.monotonic() + 1.0
        with self._lock:
            self._waiting = []
            self._failure = self._failure or Miss("abandoned")
            for connection in self._open:
                connection.cut()
        while self._workers and time.monotonic() < patience:
            self._bell.acquire(timeout=0.05)

    def _work(self) -> None:
        connection: Connection | None = None
        room = memoryview(bytearray(_BUFFER))
        try:
            while (part := self._next()) is not None:
                connection = self._fetch(part, room, connection)
        except BaseException as cause:  # noqa: BLE001 - raised again by `run`
            with self._lock:
                self._failure = self._failure or cause
        finally:
            self._close(connection)
            with self._lock:
                self._workers -= 1
                if not self._workers:
                    os.close(self._target)
            self._ring()

    def _next(self) -> Part | None:
        with self._lock:
            return self._waiting.pop() if self._waiting else None

    def _fetch(
        self, part: Part, room: memoryview, connection: Connection | None
    ) -> Connection | None:
        """Bring one part in, resuming where it broke; the connection if reusable."""
        failed = 0
        while True:
            before = part.done
            try:
                connection = connection or self._new()
                self._receive(part, room, connection)
            except (Again, OSError) as cause:
                self._close(connection)
                connection = None
                failed = failed + 1 if part.done == before else 1
                self._pause(cause, failed)
                continue
            except BaseException:
                self._close(connection)
                raise
            self._ring()
            if connection.reusable:
                return connection
            self._close(connection)
            return None

    def _receive(self, part: Part, room: memoryview, connection: Connection) -> None:
        """Ask for what a part still lacks, and land it by buffers."""
        length = self._ask(connection, part, self.etag)
        if length != part.end - part.done:
            raise Again(f"{length} bytes instead of {part.end - part.done}")
        while part.done < part.end:
            piece_end = (part.done // PIECE_BYTES + 1) * PIECE_BYTES
            wanted = min(len(room), part.end - part.done, piece_end - part.done)
            got = 0
            try:
                while got < wanted:
                    got += connection.take(room[got:wanted])
            finally:
                self._land(part, room[:got])

    def _land(self, part: Part, content: memoryview) -> None:
        """Write what arrived, and check every piece that is complete."""
        if not content:
            return
        end = part.done + len(content)
        if self._pieces:
            part.digest.update(content)
            if end == part.end or not end % PIECE_BYTES:
                pieces.expect(part.digest.hexdigest(), end - 1, self._pieces)
                part.digest = hashlib.sha256()
        try:
            at = part.done
            while len(content):
                count = os.pwrite(self._target, content, at)
                content, at = content[count:], at + count
        except OSError as cause:
            raise NoRoom(why(cause)) from None
        part.done = end

    def _new(self) -> Connection:
        connection = self._connect()
        with self._lock:
            self._open.append(connection)
            if self._failure is not None:
                connection.cut()
        return connection

    def _close(self, connection: Connection | None) -> None:
        """Close a connection once; its thread may already have."""
        with self._lock:
            if connection is None or connection not in self._open:
                return
            self._open.remove(connection)
        connection.close()

    def _pause(self, cause: BaseException, failed: int) -> None:
        """Wait before the next attempt, longer each time, never in step with others."""
        if self._failure is not None or failed >= _ATTEMPTS:
            raise Miss(f"{cause} (tried {failed} times)") from None
        wait = max(0.05 * 2**failed, getattr(cause, "wait", 0.0))
        wait = min(wait, 2.0) * (0.5 + os.getrandom(1)[0] / 512)
        if wait >= self._limit.left():
            raise Miss(f"{cause}; no time is left to try again") from None
        time.sleep(wait)

    def _ring(self) -> None:
        try:
            self._bell.release()
        except RuntimeError:
            return  # it rings already


def _reach(parts: list[Part]) -> int:
    """How far the object has arrived without a gap."""
    reach = 0
    for part in parts:
        reach = part.done
        if part.done < part.end:
            break
    return reach
