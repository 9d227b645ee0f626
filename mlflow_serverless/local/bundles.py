"""Bundles by digest: whole and sound, or not there."""

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path, PurePosixPath

from lambda_runtime.manifest import ManifestError
from lambda_runtime.manifest_read import from_plain
from mlflow_serverless.local.database import explained
from mlflow_serverless.local.errors import BundleDamagedError, BundleMissingError
from mlflow_serverless.local.layout import Layout
from mlflow_serverless.package import Bundle
from mlflow_serverless.store import ContentStore, digest_file

MANIFEST = "manifest.json"


def keep(layout: Layout, bundle: Bundle) -> str:
    """
    Copy *bundle* to where functions find it; nothing if it is there, and sound.

    Raises:
        BundleDamagedError: A file is missing, or is not what its digest says.
        DiskFullError: No space; nothing is left behind.
        StateUnreachableError: No permission.
    """
    kept = layout.bundle(bundle.digest)
    with explained(kept):
        layout.prepare()
        if kept.is_dir():
            _refresh(kept, bundle.digest)
        store = ContentStore(layout.root)
        store.obtain("bundles", kept.name, lambda draft: _copy(bundle, draft))
    return bundle.digest


def _refresh(kept: Path, digest: str) -> None:
    """Note that somebody wants it; take it away if it is damaged."""
    try:
        verify(kept, digest)
        os.utime(kept)
    except BundleDamagedError:
        _put_aside(kept)


def sweep(layout: Layout, used: frozenset[str], before: float) -> None:
    """
    Delete what nobody needs: bundles of nothing deployed, and drafts of the killed.

    Args:
        layout: Which embedded cloud.
        used: Addresses that functions and versions refer to.
        before: What was put after this time [s since the epoch] stays: whoever put it
            may be about to deploy it.
    """
    keep_names = {address.removeprefix("sha256:") for address in used}
    for folder in (layout.root / "bundles").glob("*"):
        with suppress(FileNotFoundError):
            if folder.name not in keep_names and folder.stat().st_mtime < before:
                _put_aside(folder)


def find(layout: Layout, address: str) -> Path:
    """The folder of the bundle at *address*; BundleMissingError if not kept."""
    folder = layout.bundle(address)
    if not (address.startswith("sha256:") and (folder / MANIFEST).is_file()):
        raise BundleMissingError(address)
    return folder


def marks(folder: Path) -> tuple[int, ...]:
    """Sizes and times of every file: the same as long as nothing was written."""
    found = []
    for path in sorted(folder.rglob("*")):
        stat = path.stat()
        found += [stat.st_size, stat.st_mtime_ns, stat.st_ino]
    return tuple(found)


def verify(folder: Path, digest: str) -> None:
    """Raise BundleDamagedError unless every file is what *digest* stands for."""
    try:
        text = (folder / MANIFEST).read_bytes()
        if (found := f"sha256:{hashlib.sha256(text).hexdigest()}") != digest:
            raise BundleDamagedError(folder, f"{MANIFEST} has {found}, not {digest}")
        for file in from_plain(json.loads(text)).files:
            _verify_file(folder, file.path, file.sha256)
    except (OSError, ValueError, ManifestError) as cause:
        raise BundleDamagedError(folder, str(cause)) from cause


def _verify_file(folder: Path, path: str, digest: str) -> None:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise BundleDamagedError(folder, f"{path} lies outside")
    if digest_file(folder / path) != digest:
        raise BundleDamagedError(folder, f"{path} is not what its digest says")


def _copy(bundle: Bundle, draft: Path) -> None:
    for path in (MANIFEST, *(file.path for file in bundle.manifest.files)):
        target = draft / path
        if not target.resolve().is_relative_to(draft.resolve()):
            raise BundleDamagedError(bundle.folder, f"{path} lies outside")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(bundle.folder / path, target)
        except FileNotFoundError as cause:
            raise BundleDamagedError(bundle.folder, f"{path} is missing") from cause
    try:
        verify(draft, bundle.digest)
    except BundleDamagedError as cause:
        message = cause.message.partition(" is damaged: ")[2].rstrip(".")
        raise BundleDamagedError(bundle.folder, message) from cause


def _put_aside(folder: Path) -> None:
    """Take a damaged folder away in one move, then delete it."""
    away = tempfile.mkdtemp(prefix=".damaged-", dir=folder.parent)
    with suppress(FileNotFoundError):  # another process was first
        folder.replace(Path(away) / "bundle")
    shutil.rmtree(away, ignore_errors=True)
