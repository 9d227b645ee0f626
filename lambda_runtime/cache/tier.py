"""What the tiers share: a place found, a miss explained, and the time allowed."""

from __future__ import annotations

import os
import time

from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from lambda_runtime.manifest import File

    Fill = Callable[[int], str]
    """Writes a file's content to a descriptor; answers its SHA-256 in hex."""

    class Sink(Protocol):
        """Where an arriving file may be kept."""

        kept: str

        def receive(self, file: File, fill: Fill, limit: Limit) -> str:
            """
            Keep what *fill* writes, if its digest is the file's; return the path.

            Raises:
                NoRoom: Nothing can be kept here; another sink may do.
                Miss: The content did not arrive, or is not the file's.
            """
            ...

    class Source(Protocol):
        """One tier: a place where files may be found."""

        kind: str

        def find(self, file: File, sinks: Sequence[Sink], limit: Limit) -> Place:
            """
            Find *file*, keeping it in the first of *sinks* that can.

            Raises:
                Miss: Not here, not whole, not readable, or not in time.
            """
            ...


class Miss(Exception):
    """This tier cannot serve the file; the message says what it found."""


class Corrupt(Miss):
    """This tier holds something else under the file's name."""


class NoRoom(Miss):
    """The sink cannot keep the file: full, over budget, or not writable."""


class Place(NamedTuple):
    """Where a file lies now."""

    path: str
    kept: str
    """`bundle`, `tmp`, `mount` (used in place) or `memory`."""


class Limit:
    """How long one search may take; asked between steps, also by stray threads."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Time that remains [s]; never negative."""
        return max(0.0, self._end - time.monotonic())

    def check(self) -> None:
        """Raise Miss if the time is over."""
        if time.monotonic() >= self._end:
            raise Miss(f"no whole answer within {self.seconds:g} s")


class Bundle:
    """The folder of the manifest itself: an image layer, or a deployment folder.

    Lambda verifies the digest of every image chunk it loads, so only the size is
    checked, unless the manifest asks for more (`options.cache.verify_bundle`).
    """

    kind = "bundle"

    def __init__(
        self, root: str, verify: Callable[[str, File, Limit], object] | None
    ) -> None:
        self._root = root
        self._verify = verify

    def find(self, file: File, _sinks: Sequence[Sink], limit: Limit) -> Place:
        """The file's own path in the bundle; Miss if absent or of another size."""
        path = f"{self._root}/{file.path}"
        try:
            size = os.stat(path).st_size
        except OSError as cause:
            raise Miss(why(cause)) from None
        if size != file.bytes:
            raise Corrupt(f"{size} bytes instead of {file.bytes}")
        if self._verify is not None:
            self._verify(path, file, limit)
        return Place(path, "bundle")


def why(cause: OSError) -> str:
    """The operating system's reason, without the path."""
    return cause.strerror.lower() if cause.strerror else str(cause)
