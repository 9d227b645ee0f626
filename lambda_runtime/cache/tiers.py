"""The tiers beyond the bundle: made from the manifest, tied to their sinks."""

from __future__ import annotations

import os

from lambda_runtime.cache import check, view
from lambda_runtime.cache.disk import RealDisk
from lambda_runtime.cache.folder import Folder
from lambda_runtime.cache.memory import Memory
from lambda_runtime.cache.stores import Mount, Tmp
from lambda_runtime.cache.sweep import PRIVATE, SHARED
from lambda_runtime.cache.tier import Miss, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lambda_runtime.cache.disk import Disk
    from lambda_runtime.cache.tier import Limit, Sink, Source
    from lambda_runtime.manifest import File, Manifest, Tier


class Tiers:
    """What `Cache` asks when the bundle does not have a file."""

    def __init__(self, manifest: Manifest, scratch: str, disk: Disk | None) -> None:
        self._disk: Disk = RealDisk() if disk is None else disk
        self._options: Mapping[str, Any] = manifest.options.get("cache", {})
        self._scratch = scratch
        self._memory = Memory(self._options.get("memory_bytes"))
        self._spare = Folder(f"{scratch}/store", None, PRIVATE, self._disk)
        self._sources = [self._source(tier) for tier in manifest.tiers]

    def find(self, index: int, file: File, limit: Limit, *, alone: bool) -> Place:
        """
        Ask the tier at *index*; what it finds is kept in the tiers above it.

        Args:
            index: Place in the manifest's order.
            file: What is looked for.
            limit: How long the tier may take.
            alone: Whether nothing must lie beside the file: then memory will do.

        Raises:
            Miss: The tier does not have it.
        """
        source = self._sources[index]
        if source is None:
            raise Miss("a tier of a kind this runtime does not know")
        sinks: list[Sink] = [
            above.folder for above in self._sources[:index] if isinstance(above, Tmp)
        ]
        if source.kind == "s3":
            sinks = [*(sinks or [self._spare]), *([self._memory] if alone else [])]
        return source.find(file, sinks, limit)

    def together(
        self, group: Sequence[File], places: Sequence[Place], limit: Limit
    ) -> list[str]:
        """
        Paths of the group's files, side by side under their own names.

        Raises:
            Miss: They lie on different disks and none has room for all.
        """
        if any(place.kept == "mount" for place in places):
            return self._in_place(group, limit)
        folder = self._folder_of(places)
        named = []
        for file, place in zip(group, places, strict=True):
            path = place.path
            if os.path.dirname(path) != folder.root:
                fill = check.copier(self._disk, path, file, limit)
                path = folder.receive(file, fill, limit)
            named.append((file, path))
        paths = view.hard(self._disk, folder.root, named)
        for file in group:
            folder.linked(file)
        return paths

    def verify(self, path: str, file: File, limit: Limit) -> None:
        """Raise Corrupt unless the content of *path* is the file's."""
        check.verify(self._disk, path, file, limit)

    def write_through(self, file: File, path: str, limit: Limit) -> bool:
        """Copy a checked file to the first mount that takes it; whether one did."""
        for source in self._sources:
            if isinstance(source, Mount):
                try:
                    source.keep(file, path, limit)
                except Miss:
                    continue
                return True
        return False

    def close(self) -> None:
        """Let go of all files."""
        self._memory.close()
        self._spare.close()
        for source in self._sources:
            if isinstance(source, Tmp | Mount):
                source.folder.close()

    def _source(self, tier: Tier) -> Source | None:
        if tier.kind == "tmp":
            root = tier.root or f"{self._scratch}/store"
            return Tmp(Folder(root, tier.budget_bytes, PRIVATE, self._disk))
        if tier.kind == "mount":
            folder = Folder(tier.root, tier.budget_bytes, SHARED, self._disk)
            return Mount(folder, self._disk)
        if tier.kind == "s3":
            from lambda_runtime.cache.s3 import S3  # noqa: PLC0415 - sockets, HMAC

            return S3(tier.root, self._options)
        return None

    def _in_place(self, group: Sequence[File], limit: Limit) -> list[str]:
        """Links into one mount, where a sink had no room for part of the group."""
        said = []
        for source in self._sources:
            if not isinstance(source, Mount):
                continue
            try:
                found = [source.find(file, (), limit).path for file in group]
            except Miss as miss:
                said.append(f"{source.folder.root}: {miss}")
                continue
            named = list(zip(group, found, strict=True))
            return view.soft(self._disk, self._scratch, named)
        raise Miss("; ".join(said))

    def _folder_of(self, places: Sequence[Place]) -> Folder:
        folders = [source.folder for source in self._sources if isinstance(source, Tmp)]
        roots = {os.path.dirname(place.path) for place in places}
        return next((one for one in folders if one.root in roots), self._spare)
