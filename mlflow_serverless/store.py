"""Work that is addressed by content: made once, kept, never half-made.

Every arrow of the story asks for its result by a key that names all its inputs. A
result is a folder. It is made in a temporary folder beside its final place and moved
there in one rename, so a killed process leaves nothing half-made, and two processes
that make the same thing at once both find it.
"""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.wording import amount


class DiskFullError(ServerlessError):
    """No room left where results are kept."""

    code = "disk-full"
    kind = Kind.UNAVAILABLE

    def __init__(self, folder: Path) -> None:
        free = shutil.disk_usage(_existing(folder)).free
        super().__init__(
            f"no space left in {folder}: {amount(free)} free.",
            hint="free some space, or set MLFLOW_SERVERLESS_HOME to a larger disk.",
        )


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


@dataclass(frozen=True, slots=True)
class Made:
    """A result's folder, and whether this call did the work."""

    folder: Path
    fresh: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A result that is there."""

    room: str
    key: str
    used: datetime
    """When it was last made or found."""
    folder: Path


class ContentStore:
    """
    Folders by room and key.

    Args:
        root: Where results are kept; made when first needed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, room: str, key: str) -> Path | None:
        """The folder made earlier for *key*, if there is one; it counts as used."""
        folder = self.root / room / key
        if not folder.is_dir():
            return None
        with suppress(OSError):  # a store that may only be read
            os.utime(folder)
        return folder

    def kept(self, rooms: str) -> Iterator[Kept]:
        """
        What is in the rooms whose names begin with *rooms*.

        What killed processes have left half-made is among it, under its odd name.
        """
        for room in sorted(self.root.glob(f"{rooms}*")):
            for folder in sorted(path for path in room.iterdir() if path.is_dir()):
                used = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
                yield Kept(room.name, folder.name, used, folder)

    def discard(self, room: str, key: str) -> None:
        """Forget the result for *key*; it goes in one rename, so never by halves."""
        folder = self.root / room / key
        if not folder.is_dir():
            return
        with suppress(FileNotFoundError):
            gone = folder.rename(folder.with_name(f".gone-{os.getpid()}-{key}"))
            shutil.rmtree(gone, ignore_errors=True)

    def obtain(self, room: str, key: str, make: Callable[[Path], None]) -> Made:
        """
        The folder for *key*, made by *make* (given an empty folder) if need be.

        Raises:
            DiskFullError: There is no space for it; nothing is left behind.
        """
        if (folder := self.find(room, key)) is not None:
            return Made(folder, fresh=False)
        with self._draft(room) as draft:
            make(draft)
            target = self.root / room / key
            return Made(target, fresh=_settle(draft, target))

    def obtain_by_content(
        self, room: str, make: Callable[[Path], None]
    ) -> tuple[Path, str]:
        """
        Folder and digest of what *make* makes; named by what came out.

        Raises:
            DiskFullError: There is no space for it; nothing is left behind.
        """
        with self._draft(room) as draft:
            make(draft)
            digest = digest_folder(draft)
            target = self.root / room / digest.removeprefix("sha256:")
            _settle(draft, target)
        return target, digest

    @contextmanager
    def _draft(self, room: str) -> Iterator[Path]:
        """An empty folder beside the results; gone afterwards unless it was moved."""
        place = self.root / room
        try:
            place.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=place))
        except OSError as cause:
            raise _explained(cause, place) from cause
        try:
            yield draft
        except OSError as cause:
            raise _explained(cause, place) from cause
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _settle(draft: Path, target: Path) -> bool:
    """Move *draft* to *target*; False if another process was there first."""
    draft.chmod(0o755)
    try:
        draft.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        return False
    return True


def _explained(cause: OSError, target: Path) -> Exception:
    full = {errno.ENOSPC, errno.EDQUOT}
    return DiskFullError(target) if cause.errno in full else cause


def key_of(**parts: Any) -> str:
    """A key that changes when any of *parts* (JSON values) does."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def digest_file(path: Path) -> str:
    """Hex sha256 of a file's content, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_folder(folder: Path) -> str:
    """`sha256:…` over every file's relative path and content, in a fixed order."""
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        whole.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        whole.update(f"{digest_file(path)}\n".encode())
    return f"sha256:{whole.hexdigest()}"


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write *value* so that readers see the old file or the new one, whole."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")
    draft.replace(path)
