"""Files of a pinned model, on this machine, under a name that never changes."""

import shutil
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
    return ContentStore(downloads).obtain_by_content(_ROOM, download)


def snapshot(folder: Path, downloads: Path) -> tuple[Path, str]:
    """A copy of *folder* that stays as it is now, and its digest."""

    def copy(draft: Path) -> None:
        shutil.copytree(
            folder, draft, dirs_exist_ok=True, ignore=shutil.ignore_patterns(_META)
        )

    return ContentStore(downloads).obtain_by_content(_ROOM, copy)


def _lift(got: Path, draft: Path) -> None:
    """MLflow may put the files one folder deeper; bring them up."""
    if got.resolve() == draft.resolve():
        return
    for path in list(got.iterdir()):
        path.rename(draft / path.name)
    shutil.rmtree(draft / got.relative_to(draft).parts[0])
