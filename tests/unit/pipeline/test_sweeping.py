"""What builds leave behind goes when nobody has used it for long, and not before."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from mlflow_serverless.cli import main
from mlflow_serverless.pipeline import stale, sweep
from tests.fakes.memory_cloud import MemoryCloud
from tests.fakes.worlds import make_world

NOW = datetime.now(UTC)


@pytest.fixture
def world(tmp_path):
    return make_world(tmp_path, MemoryCloud())


def make(world, room: str, key: str, *, days_ago: float, content: str = "x") -> None:
    """A result that was last used so long ago."""
    made = world.store.obtain(
        room, key, lambda folder: (folder / "blob").write_text(content) and None
    )
    at = (NOW - timedelta(days=days_ago)).timestamp()
    os.utime(made.folder, (at, at))


def keys(found) -> set[str]:
    return {one.key for one in found.found}


def test_only_images_and_only_old_ones_go(world):
    """A bundle, a proof and a conversion stay: they are small, and dear to make."""
    make(world, "images", "old", days_ago=40)
    make(world, "image-layers", "older", days_ago=400)
    make(world, "image-layers", "new", days_ago=2)
    make(world, "bundle", "b", days_ago=400)

    assert {"old", "older"} == keys(stale(world, days=30))
    assert {"old", "older"} == keys(sweep(world, days=30))
    assert set() == keys(sweep(world, days=30))
    assert world.store.find("image-layers", "new")
    assert world.store.find("bundle", "b")


def test_what_is_found_again_counts_as_used(world):
    """A base that every build finds does not go."""
    make(world, "image-bases", "base", days_ago=40)
    world.store.obtain("image-bases", "base", lambda _: None)

    assert set() == keys(stale(world, days=30))


def test_shared_content_frees_nothing_while_one_holds_it(world):
    """An image is links to its layers."""
    make(world, "image-layers", "layer", days_ago=2, content="x" * 1000)
    layer = world.store.root / "image-layers" / "layer" / "blob"
    folder = world.store.obtain(
        "images", "image", lambda made: os.link(layer, made / "blob")
    ).folder
    os.utime(folder, (0, 0))

    assert 0 == stale(world, days=10).bytes
    assert 1000 == stale(world, days=1).bytes


def test_what_is_being_made_is_left_alone(world):
    """Even where all is to go; what a process left that died long ago is not."""
    for name, days_ago in ((".draft-now", 0.5), (".draft-dead", 3)):
        folder = world.store.root / "images" / name
        folder.mkdir(parents=True)
        at = (NOW - timedelta(days=days_ago)).timestamp()
        os.utime(folder, (at, at))

    assert {".draft-dead"} == keys(sweep(world, days=0))


def test_the_command_says_what_would_go_and_removes_it_when_told(tmp_path, monkeypatch):
    """First a dry run; a name's own gc leaves the machine alone."""
    monkeypatch.setenv("MLFLOW_SERVERLESS_HOME", str(tmp_path))
    folder = tmp_path / "work" / "images" / "it"
    folder.mkdir(parents=True)
    (folder / "blob").write_bytes(b"x" * 2_000_000)
    os.utime(folder, (0, 0))

    def run(*words: str) -> str:
        done = CliRunner().invoke(main, ["gc", "-t", "lambda:/local", *words])
        assert 0 == done.exit_code, done.output
        return done.stdout

    assert "2 MB unused for 30 days (1 of images)" in run()
    assert folder.is_dir()
    (said,) = json.loads(run("--yes", "--json"))
    assert (["images/it"], 2_000_000) == (said["parts"], said["bytes"])
    assert not folder.exists()
    assert "no part of an image" in run()
