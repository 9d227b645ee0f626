"""Files side by side under their own names, as a graph and its external data must be.

ONNX Runtime resolves links before it compares folders: external data must really lie
in the real folder of its graph. Hard links satisfy that from anywhere on the same
disk; symbolic links only if all their targets share one folder.
"""

from __future__ import annotations

import hashlib
import os

from lambda_runtime.cache.tier import Miss, why

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lambda_runtime.cache.disk import Disk
    from lambda_runtime.manifest import File

    Named = tuple[File, str]
    """A file, and the path where its content lies."""


def hard(disk: Disk, root: str, group: Sequence[Named]) -> list[str]:
    """
    Paths under *root* that are the group's files, under their own names.

    Falls back on symbolic links where the disk knows no hard ones.

    Raises:
        Miss: The disk takes neither.
    """
    try:
        return _lay(disk.link, disk, root, group)
    except OSError:
        return soft(disk, root, group)


def soft(disk: Disk, root: str, group: Sequence[Named]) -> list[str]:
    """
    As `hard`, by symbolic links: for files used in place on another disk.

    Raises:
        Miss: The files lie in several folders, or the disk takes no links.
    """
    if len({os.path.dirname(path) for _, path in group}) > 1:
        raise Miss("files of one graph lie on different disks")
    try:
        return _lay(disk.symlink, disk, root, group)
    except OSError as cause:
        raise Miss(f"no links in {root}: {why(cause)}") from None


def _lay(
    link: Callable[[str, str], None], disk: Disk, root: str, group: Sequence[Named]
) -> list[str]:
    folder = f"{root}/view/{_key(group)}"
    return [_put(link, disk, path, f"{folder}/{file.path}") for file, path in group]


def _key(group: Sequence[Named]) -> str:
    """One folder for one set of contents; versions share it only if they are equal."""
    text = "\n".join(f"{file.sha256} {file.path}" for file, _ in group)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _put(link: Callable[[str, str], None], disk: Disk, source: str, target: str) -> str:
    """Make *target* name the file at *source*, whatever it named before."""
    disk.makedirs(os.path.dirname(target), 0o700, exist_ok=True)
    if not _same(source, target):
        temporary = f"{target}.{os.urandom(6).hex()}"
        link(source, temporary)
        disk.replace(temporary, target)
        if not _same(source, target):
            raise OSError("the link does not hold")
    return target


def _same(source: str, target: str) -> bool:
    try:
        one, other = os.stat(source), os.stat(target)
    except FileNotFoundError:
        return False
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
