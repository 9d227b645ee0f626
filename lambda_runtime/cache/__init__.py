"""Where the bundle's files come from: bundle → /tmp → mount → S3, the first that can.

Every tier yields a path, never bytes in Python. What a cold start from an image needs
is in this module and `tier`; all else is imported when the bundle lacks a file.
See `docs/cache.md`.
"""

from __future__ import annotations

import os
import time

from lambda_runtime.cache.tier import Bundle, Corrupt, Limit, Miss, Place
from lambda_runtime.faults import BrokenBundle
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lambda_runtime.cache.disk import Disk
    from lambda_runtime.cache.tiers import Tiers
    from lambda_runtime.manifest import File, Manifest


class Hit(NamedTuple):
    """What obtaining one file took."""

    path: str
    """The file's name in the manifest."""
    tier: str
    """The kind of the tier that had it."""
    ms: float
    """From asking the first tier to having the path [ms]."""
    bytes: int = 0
    kept: str = ""
    """Where it lies now: `bundle`, `tmp`, `mount`, or `memory`."""
    said: tuple[str, ...] = ()
    """What the tiers before it said."""
    spent: tuple[tuple[str, float], ...] = ()
    """Each tier that was asked, in order, and how long it took to say [ms]."""


class Cache:
    """The bundle's files, each obtained once; for the thread that initialises."""

    def __init__(
        self, manifest: Manifest, bundle: str, scratch: str, disk: Disk | None = None
    ) -> None:
        self.hits: list[Hit] = []
        """One record a file, in the order they were obtained."""
        self._manifest = manifest
        self._bundle = bundle
        self._scratch = scratch
        self._disk = disk
        self._options: Mapping[str, Any] = manifest.options.get("cache", {})
        self._stores: Tiers | None = None
        self._given: dict[str, tuple[str, tuple[int, ...]]] = {}
        self._owed: list[tuple[File, str]] = []

    def path_of(self, file: File) -> str:
        """
        Where *file* lies, under its own name, with its external data beside it.

        The content was checked as its tier demands, and stays in place while this
        cache is open. From memory the path is `/proc/self/fd/N`, without the name.

        Raises:
            BrokenBundle: No tier has the right content (`model-corrupt`,
                `model-unavailable`), or the name leaves the bundle.
        """
        path, seal = self._given.get(file.path, ("", ()))
        if seal and seal == _state(path):
            return path
        group = self._group(file)
        for one, found in zip(group, self._obtain_all(group), strict=True):
            self._given[one.path] = found, _state(found)
        return self._given[file.path][0]

    def settle(self, seconds: float) -> int:
        """
        Write through what a writable mount lacks; how many files were written.

        For after the response. A mount that is full or read-only is no error.
        """
        limit, written = Limit(seconds), 0
        while self._owed and limit.left():
            file, path = self._owed.pop()
            written += self._tiers().write_through(file, path, limit)
        return written

    @property
    def owed_bytes(self) -> int:
        """What `settle` has left to write [bytes]."""
        return sum(file.bytes for file, _ in self._owed)

    def close(self) -> None:
        """Let go of all files; the paths given may vanish from now on."""
        self._given.clear()
        self._owed.clear()
        if self._stores is not None:
            self._stores.close()

    def _group(self, file: File) -> tuple[File, ...]:
        """The file first, then what must lie in the same folder."""
        paths: set[str] = set()
        for variant in self._manifest.variants:
            if file.path == variant.file or file.path in variant.needs:
                paths.update((variant.file, *variant.needs))
        others = [self._manifest.file(path) for path in sorted(paths - {file.path})]
        group = (file, *others)
        for one in group:
            _expect_name(one)
        return group

    def _obtain_all(self, group: Sequence[File]) -> list[str]:
        places = [self._obtain(file, alone=len(group) == 1) for file in group]
        if {place.kept for place in places} in ({"bundle"}, {"memory"}):
            return [place.path for place in places]
        limit = Limit(self._seconds_for(group))
        try:
            return self._tiers().together(group, places, limit)
        except (Miss, OSError) as cause:
            names = ", ".join(file.path for file in group)
            raise BrokenBundle(
                "model-unavailable", f"{names} cannot be put in one folder: {cause}"
            ) from None

    def _obtain(self, file: File, *, alone: bool) -> Place:
        """The nearest tier's place; every failure of a tier sends us to the next."""
        said: list[str] = []
        spent: list[tuple[str, float]] = []
        code = "model-unavailable"
        for index, tier in enumerate(self._manifest.tiers):
            limit, began = Limit(self._seconds_for((file,))), time.monotonic()
            try:
                place = self._ask(index, file, limit, alone=alone)
            except (Miss, OSError) as cause:
                said.append(f"{tier.kind}: {cause}")
                code = "model-corrupt" if isinstance(cause, Corrupt) else code
                continue
            finally:
                spent.append((tier.kind, (time.monotonic() - began) * 1e3))
            ms = sum(ms for _, ms in spent)
            self._note(
                Hit(
                    file.path,
                    tier.kind,
                    ms,
                    file.bytes,
                    place.kept,
                    (*said,),
                    (*spent,),
                )
            )
            if tier.kind == "s3" and self._options.get("write_through"):
                self._owed.append((file, place.path))
            return place
        raise BrokenBundle(
            code,
            f"no tier has {file.path} ({file.bytes} bytes, sha256 "
            f"{file.sha256[:12]}…): " + "; ".join(said),
        )

    def _note(self, hit: Hit) -> None:
        self.hits.append(hit)
        if hit.said:
            from lambda_runtime.cache.told import tell  # noqa: PLC0415 - not usual

            tell(hit)

    def _ask(self, index: int, file: File, limit: Limit, *, alone: bool) -> Place:
        if self._manifest.tiers[index].kind != "bundle":
            return self._tiers().find(index, file, limit, alone=alone)
        verify = None
        if self._options.get("verify_bundle"):
            verify = self._tiers().verify
        return Bundle(self._bundle, verify).find(file, (), limit)

    def _tiers(self) -> Tiers:
        if self._stores is None:
            from lambda_runtime.cache.tiers import Tiers  # noqa: PLC0415 - 20 ms

            self._stores = Tiers(self._manifest, self._scratch, self._disk)
        return self._stores

    def _seconds_for(self, group: Sequence[File]) -> float:
        """A tier that is slower than 10 MB/s beyond its first wait has failed."""
        seconds = float(self._options.get("timeout_s", 10.0))
        return seconds + sum(file.bytes for file in group) / 10e6


def open_cache(manifest: Manifest, *, bundle: str, scratch: str) -> Cache:
    """
    The files of *manifest*, wherever its tiers have them.

    Args:
        manifest: Its `tiers` give order, places and budgets; `options["cache"]` the
            rest (`docs/cache.md`).
        bundle: Folder that holds `manifest.json`.
        scratch: Writable folder for what has no place of its own (`/tmp`).
    """
    return Cache(manifest, bundle, scratch)


def _state(path: str) -> tuple[int, ...]:
    """What changes whenever the file at *path* is rewritten or replaced."""
    try:
        now = os.stat(path)
    except OSError:
        return ()
    return now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns


def _expect_name(file: File) -> None:
    """Refuse names that would leave the bundle, and digests that are paths."""
    parts = file.path.split("/")
    hexadecimal = len(file.sha256) == 64 and not file.sha256.strip("0123456789abcdef")
    if not hexadecimal or "\0" in file.path or not {"", ".", ".."}.isdisjoint(parts):
        raise BrokenBundle(
            "manifest-malformed",
            f"file {file.path!r} with sha256 {file.sha256!r} is not a bundle's file",
        )
