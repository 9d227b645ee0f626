"""Work is made once, kept whole, and never half-made."""

import multiprocessing
from pathlib import Path

import pytest

from mlflow_serverless.store import ContentStore, DiskFullError, digest_folder, key_of


def test_work_is_done_once(tmp_path):
    """
    The second call finds what the first one made.
    """
    store, calls = ContentStore(tmp_path), []

    def make(folder: Path) -> None:
        calls.append(folder)
        (folder / "x").write_text("1")

    first = store.obtain("room", "key", make)
    second = store.obtain("room", "key", make)

    assert (True, False) == (first.fresh, second.fresh)
    assert first.folder == second.folder
    assert 1 == len(calls)


def test_work_that_fails_leaves_nothing(tmp_path):
    """
    A half-made result is never found, and no draft stays.
    """
    store = ContentStore(tmp_path)

    def make(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.obtain("room", "key", make)

    assert store.find("room", "key") is None
    assert [] == list((tmp_path / "room").iterdir())


def test_a_full_disk_is_said(tmp_path):
    """
    No space left is its own error, with what to do.
    """

    def make(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(DiskFullError, match="MLFLOW_SERVERLESS_HOME"):
        ContentStore(tmp_path).obtain("room", "key", make)


def test_discarded_work_is_made_again(tmp_path):
    """
    What was damaged can be forgotten; forgetting twice is no error.
    """
    store = ContentStore(tmp_path)
    store.obtain("room", "key", lambda folder: None)
    store.discard("room", "key")
    store.discard("room", "key")

    assert store.obtain("room", "key", lambda folder: None).fresh


def _make(root: str) -> bool:
    def make(folder: Path) -> None:
        (folder / "x").write_text("same")

    return ContentStore(Path(root)).obtain("room", "key", make).fresh


def test_processes_that_make_the_same_agree(tmp_path):
    """
    Whoever is late uses what the first one made.
    """
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        fresh = pool.map(_make, [str(tmp_path)] * 4)

    assert 1 == sum(fresh)
    assert ["key"] == [path.name for path in (tmp_path / "room").iterdir()]


def test_a_key_names_all_its_parts():
    """
    Any part that differs makes another key; order does not.
    """
    assert key_of(a=1, b=2) == key_of(b=2, a=1)
    assert len({key_of(a=1), key_of(a=2), key_of(b=1), key_of(a="1")}) == 4


def test_a_folder_s_digest_is_its_content_s(tmp_path):
    """
    Names and contents count, times do not.
    """
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "f").write_text("x")
    before = digest_folder(tmp_path / "one")

    assert before == digest_folder(tmp_path / "two")
    (tmp_path / "two" / "sub" / "f").rename(tmp_path / "two" / "f")
    assert before != digest_folder(tmp_path / "two")
