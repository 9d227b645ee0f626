"""Whether two tars hold the same files, however they are written down."""

import hashlib
import tarfile
from pathlib import Path

Entry = tuple[str, int, int, int, int, str, str]
"""Kind, mode, owner, group, modification time, link, digest of the content."""


def first_difference(ours: Path, theirs: Path) -> str:
    """The first path at which two layers differ, and how; empty if they do not."""
    left, right = _entries(ours), _entries(theirs)
    for name in sorted({*left, *right}):
        if left.get(name) != right.get(name):
            return f"{name} is {right.get(name)}, not {left.get(name)}"
    return ""


def _entries(path: Path) -> dict[str, Entry]:
    with tarfile.open(path, "r|*") as tar:
        return {member.name.strip("/"): _entry(tar, member) for member in tar}


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    digest = ""
    if member.isreg():
        content = tar.extractfile(member)
        assert content is not None
        whole = hashlib.sha256()
        while block := content.read(1 << 20):
            whole.update(block)
        digest = whole.hexdigest()
    kinds = {tarfile.DIRTYPE: "folder", tarfile.SYMTYPE: "link"}
    kind = kinds.get(member.type, "file")
    mode, owner = member.mode & 0o7777, (member.uid, member.gid)
    return (kind, mode, *owner, int(member.mtime), member.linkname, digest)
