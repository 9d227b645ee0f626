"""What builds have left on this machine, and nobody has used for long."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlflow_serverless.report import step
from mlflow_serverless.store import Kept
from mlflow_serverless.world import World

ROOMS = "image"
"""Rooms of images, their layers, and the bases they are built upon: the large ones."""

_AT_WORK = timedelta(days=1)
"""What is half-made may be another process's work; no build takes that long."""


@dataclass(frozen=True, slots=True)
class Stale:
    """What would go, and what that frees."""

    found: tuple[Kept, ...]
    bytes: int
    """Files that share their content with others that stay free nothing."""


def stale(world: World, *, days: float, now: datetime | None = None) -> Stale:
    """
    Parts of images on this machine that were not used for *days*.

    All of it can be made again: what is deployed has its image in its registry.
    """
    now = now or datetime.now(UTC)
    before = now - timedelta(days=days)
    drafts_before = min(before, now - _AT_WORK)
    old = tuple(
        one
        for one in world.store.kept(ROOMS)
        if one.used < (drafts_before if one.key.startswith(".") else before)
    )
    return Stale(old, _freed(old))


def _freed(old: Iterable[Kept]) -> int:
    """Bytes of the files all of whose names go."""
    links: dict[int, int] = {}
    sizes: dict[int, tuple[int, int]] = {}
    for one in old:
        for path in one.folder.rglob("*"):
            if path.is_symlink() or not path.is_file():
                continue
            said = path.stat()
            links[said.st_ino] = links.get(said.st_ino, 0) + 1
            sizes[said.st_ino] = (said.st_nlink, said.st_size)
    return sum(size for ino, (names, size) in sizes.items() if names == links[ino])


def sweep(world: World, *, days: float) -> Stale:
    """Remove what `stale` finds; each part goes whole, or stays."""
    found = stale(world, days=days)
    with step(world.tell, "gc", "this machine") as said:
        for one in found.found:
            world.store.discard(one.room, one.key)
        count = len(found.found)
        said.say(f"{count} parts of images removed", fresh=bool(count))
    return found
