"""Files to a tar that is the same wherever and whenever it is written."""

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO

Entries = Mapping[str, Path]
"""Path in the image, without the leading slash, to the file that goes there."""


def entries_of(folder: Path) -> dict[str, Path]:
    """Every file of *folder*, under its path there."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def write_tar(entries: Entries, target: Path) -> tuple[str, int]:
    """
    Write *entries* and their folders, in order of names, into *target*.

    Root owns all, all may read, nothing has a time: what differs between two machines
    is left out.

    Returns:
        `sha256:…` of the tar, and the bytes of the files in it.
    """
    whole, files = hashlib.sha256(), 0
    with target.open("wb") as file:
        out = _Hashing(file, whole.update)
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for name in sorted({*entries, *_folders(entries)}):
                files += _add(tar, name, entries.get(name))
    return f"sha256:{whole.hexdigest()}", files


def _folders(entries: Entries) -> Iterator[str]:
    for name in entries:
        yield from (str(p) for p in PurePosixPath(name).parents if str(p) != ".")


def _add(tar: tarfile.TarFile, name: str, source: Path | None) -> int:
    info = tarfile.TarInfo(name)
    if source is None:
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    elif source.is_symlink():
        info.type, info.mode = tarfile.SYMTYPE, 0o777
        info.linkname = str(source.readlink())
    else:
        stat = source.stat()
        info.size, info.mode = stat.st_size, 0o755 if stat.st_mode & 0o100 else 0o644
        with source.open("rb") as content:
            tar.addfile(info, content)
        return info.size
    tar.addfile(info)
    return 0


class _Hashing(io.RawIOBase):
    """Writes through, and shows every byte to *see*."""

    def __init__(self, out: BinaryIO, see: Callable[[bytes], object]) -> None:
        self._out, self._see = out, see

    def write(self, data: bytes) -> int:  # type: ignore[override] # tarfile writes bytes
        self._see(data)
        return self._out.write(data)
