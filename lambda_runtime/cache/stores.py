"""The tiers that are folders: /tmp, and mounts (EFS, S3 Files, any other)."""

from __future__ import annotations

from lambda_runtime.cache import check
from lambda_runtime.cache.hang import within
from lambda_runtime.cache.tier import NoRoom, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambda_runtime.cache.disk import Disk
    from lambda_runtime.cache.folder import Folder
    from lambda_runtime.cache.tier import Limit, Sink
    from lambda_runtime.manifest import File


class Tmp:
    """This environment's own disk."""

    kind = "tmp"

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def find(self, file: File, _sinks: Sequence[Sink], limit: Limit) -> Place:
        """The file in the folder, checked once in this process."""
        return Place(self.folder.find(file, limit), "tmp")


class Mount:
    """A network file system shared with other environments.

    Everything on it happens in a thread that can be left behind: a dead mount
    hangs its readers. Files are copied to the nearest sink, checked as they arrive;
    where no sink has room they are checked and used in place, which trusts whoever
    may write to the mount not to change them afterwards.
    """

    kind = "mount"

    def __init__(self, folder: Folder, disk: Disk) -> None:
        self.folder = folder
        self._disk = disk

    def find(self, file: File, sinks: Sequence[Sink], limit: Limit) -> Place:
        """Copy the file to a sink, or else check it where it is."""
        return within(limit, lambda: self._find(file, sinks, limit))

    def _find(self, file: File, sinks: Sequence[Sink], limit: Limit) -> Place:
        path = f"{self.folder.root}/{file.sha256}"
        # First: no room is made, nor anything evicted, for what is not to be had here.
        fd = check.open_regular(self._disk, path, file)
        try:
            fill = check.pourer(self._disk, fd, limit)
            for sink in sinks:
                if sink.kept == "memory":
                    continue  # in place costs no memory
                try:
                    return Place(sink.receive(file, fill, limit), sink.kept)
                except NoRoom:
                    continue
        finally:
            self._disk.close(fd)
        return Place(self.folder.find(file, limit), "mount")

    def keep(self, file: File, source: str, limit: Limit) -> None:
        """
        Write a checked file through to the mount, for other environments.

        Raises:
            Miss: The mount is full, not writable, or too slow.
        """

        def copy() -> None:
            fill = check.copier(self._disk, source, file, limit)
            self.folder.receive(file, fill, limit)

        within(limit, copy)
