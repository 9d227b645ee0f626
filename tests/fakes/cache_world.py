"""Bundle, scratch and mount folders, and caches opened over them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambda_runtime.cache import Cache
from lambda_runtime.manifest import (
    PIECE_BYTES,
    Answer,
    Engine,
    File,
    Manifest,
    Model,
    Signature,
    Tier,
    Variant,
)

if TYPE_CHECKING:
    from lambda_runtime.cache.disk import Disk


def file_of(content: bytes, path: str = "model.onnx") -> File:
    """The manifest's record of *content*."""
    return File(path, hashlib.sha256(content).hexdigest(), len(content))


def in_pieces(file: File, content: bytes) -> File:
    """The same record with the digests of the content's pieces."""
    starts = range(0, len(content), PIECE_BYTES)
    return file._replace(
        pieces=tuple(
            hashlib.sha256(content[start : start + PIECE_BYTES]).hexdigest()
            for start in starts
        )
    )


class CacheWorld:
    """Folders of every tier; what is put in them; caches to look with."""

    def __init__(self, root: Path) -> None:
        self.bundle = root / "bundle"
        self.scratch = root / "scratch"
        self.mount = root / "mount"
        for folder in (self.bundle, self.scratch, self.mount):
            folder.mkdir()
        self._caches: list[Cache] = []

    @property
    def store(self) -> Path:
        """Where /tmp keeps files by digest."""
        return self.scratch / "store"

    def manifest(
        self,
        *files: File,
        tiers: str = "bundle tmp mount",
        needs: tuple[str, ...] = (),
        budget: int | None = None,
        s3: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> Manifest:
        """A manifest whose first file is the graph, and *needs* its data."""
        roots = {"mount": str(self.mount), "s3": s3}
        return Manifest(
            model=Model("models:/m/1"),
            engine=Engine(),
            inputs=(),
            outputs=(),
            variants=(Variant("portable", files[0].path, needs),),
            signature=Signature(),
            feeds=(),
            answer=Answer(),
            files=files,
            tiers=tuple(
                Tier(kind, roots.get(kind, ""), budget if kind == "tmp" else None)
                for kind in tiers.split()
            ),
            options={"cache": {"timeout_s": 5.0, **(options or {})}},
        )

    def open(self, manifest: Manifest, disk: Disk | None = None) -> Cache:
        """A cache as a new process would open it."""
        cache = Cache(manifest, str(self.bundle), str(self.scratch), disk)
        self._caches.append(cache)
        return cache

    def bundled(self, file: File, content: bytes) -> Path:
        """Put *content* in the bundle under the file's name."""
        path = self.bundle / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def mounted(self, file: File, content: bytes) -> Path:
        """Put *content* on the mount under the file's digest."""
        path = self.mount / file.sha256
        path.write_bytes(content)
        return path

    def close(self) -> None:
        """Close every cache opened here."""
        for cache in self._caches:
            cache.close()
