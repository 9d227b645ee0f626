"""A base image's layers as one folder, for looking at it and for using its Python.

Nobody's rights are needed: owners, devices and special modes are left out, and so is
what neither Python nor the linker reads. Whatever a layer says, nothing is written
outside the folder.
"""

import os
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from mlflow_serverless.build.errors import BaseUnsuitableError

_UNREAD = ("usr/share/", "var/runtime/", "var/cache/", "proc/", "sys/", "dev/")
_GONE, _EMPTIED = ".wh.", ".wh..wh..opq"


def unpack(layers: Iterable[Path], root: Path, base: str) -> tuple[int, ...]:
    """
    Put *layers*, lowest first, into *root*.

    Returns:
        Bytes of the files of each layer, all of them counted.

    Raises:
        BaseUnsuitableError: One is not a tar that we can read.
    """
    root.mkdir(parents=True, exist_ok=True)
    return tuple(_unpack_one(layer, root.resolve(), base) for layer in layers)


def _unpack_one(layer: Path, root: Path, base: str) -> int:
    size = 0
    try:
        with tarfile.open(layer, "r|*") as tar:
            for member in tar:
                size += member.size if member.isreg() else 0
                _place(tar, member, root)
    except tarfile.ReadError as cause:
        why = f"its layer {layer.name[:12]} is not a gzipped tar ({cause})"
        raise BaseUnsuitableError(base, why) from cause
    return size


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, root: Path) -> None:
    name = _clean(member.name)
    if not name or f"{name}/".startswith(_UNREAD):
        return
    target = _inside(root, name)
    if target is None:
        return
    if target.name.startswith(_GONE):
        _white_out(target)
    elif member.isdir():
        _make_folder(target)
    elif member.isreg():
        _clear(target)
        _write(tar, member, target)
    elif member.issym():
        _clear(target)
        target.symlink_to(_relative(member.linkname, target, root))
    elif member.islnk():
        _link(_inside(root, _clean(member.linkname)), target)


def _make_folder(target: Path) -> None:
    if target.is_symlink() or not target.is_dir():
        _clear(target)
        target.mkdir()


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = tar.extractfile(member)
    assert source is not None
    with target.open("wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)
    target.chmod(0o755 if member.mode & 0o111 else 0o644)


def _link(source: Path | None, target: Path) -> None:
    if source is not None and source.is_file() and not source.is_symlink():
        _clear(target)
        os.link(source, target)


def _clean(name: str) -> str:
    return "/".join(
        part for part in PurePosixPath(name).parts if part not in {"/", "."}
    )


def _inside(root: Path, name: str) -> Path | None:
    """Where *name* lies, its folder there; None if that is outside of *root*."""
    if ".." in name.split("/"):
        return None
    target = root / name
    folder = Path(os.path.realpath(target.parent))
    if not folder.is_relative_to(root):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return folder / target.name


def _relative(link: str, target: Path, root: Path) -> str:
    """An absolute link means the image's root, not this machine's."""
    if not link.startswith("/"):
        return link
    return os.path.relpath(root / link.lstrip("/"), target.parent)


def _clear(target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)


def _white_out(mark: Path) -> None:
    if mark.name == _EMPTIED:
        for path in mark.parent.iterdir():
            _clear(path)
    else:
        _clear(mark.with_name(mark.name.removeprefix(_GONE)))
