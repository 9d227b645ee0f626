"""Files of a pinned model, on this machine, under a name that never changes."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from mlflow.artifacts import download_artifacts

from mlflow_serverless.resolve import reach
from mlflow_serverless.resolve.pin import Pinned
from mlflow_serverless.store import ContentStore, digest_folder

_ROOM = "models"
_META = "registered_model_meta"
"""MLflow writes it beside a model it downloads; it differs by the URI that was used."""


def fetch(pinned: Pinned, downloads: Path, store: str) -> tuple[Path, str]:
    """
    Folder and digest of the model's files; downloaded unless they are here already.

    Raises:
        RegistryUnreachableError: The store lists the model, but not its files.
        DiskFullError: No room for them.
    """

    def download(draft: Path) -> None:
        with reach.explained(store):
            got = Path(
                download_artifacts(artifact_uri=pinned.source, dst_path=str(draft))
            )
        _lift(got, draft)
        (draft / _META).unlink(missing_ok=True)

    if pinned.content is not None:
        folder = ContentStore(downloads).obtain(_ROOM, pinned.content, download).folder
        return folder, digest_folder(folder)
    return _by_digest(downloads, download)


def snapshot(folder: Path, downloads: Path) -> tuple[Path, str]:
    """A copy of *folder* that stays as it is now, and its digest."""

    def copy(draft: Path) -> None:
        shutil.copytree(
            folder, draft, dirs_exist_ok=True, ignore=shutil.ignore_patterns(_META)
        )

    return _by_digest(downloads, copy)


def _by_digest(downloads: Path, make: Callable[[Path], None]) -> tuple[Path, str]:
    """Make it first, and name it by what came out."""
    downloads.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=downloads) as temporary:
        draft = Path(temporary) / "model"
        draft.mkdir()
        make(draft)
        digest = digest_folder(draft)
        name = digest.removeprefix("sha256:")
        made = ContentStore(downloads).obtain(_ROOM, name, lambda to: _move(draft, to))
    return made.folder, digest


def _move(source: Path, target: Path) -> None:
    for path in list(source.iterdir()):
        path.rename(target / path.name)


def _lift(got: Path, draft: Path) -> None:
    """MLflow may put the files one folder deeper; bring them up."""
    if got.resolve() == draft.resolve():
        return
    _move(got, draft)
    shutil.rmtree(draft / got.relative_to(draft).parts[0])
