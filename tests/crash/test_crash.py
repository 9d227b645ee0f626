"""Killed at any moment, nothing half-made is visible and nothing is lost."""

import os
import random
import signal
import sqlite3
import time
from functools import partial

import psutil
import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.local import bundles, status
from mlflow_serverless.local.layout import Layout
from mlflow_serverless.plan import content_of, plan
from tests.crash.worker import bundle, cloud_at, deploy, want
from tests.fakes.bundles import keep
from tests.fakes.patience import until
from tests.fakes.tell import silent

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def sound(root, name: str) -> None:
    """Everything visible is whole: the file, the versions, the alias, the bundles."""
    cloud, layout = cloud_at(root), Layout(root)
    if not layout.state.exists():
        return
    with sqlite3.connect(layout.state) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    have = cloud.snapshot(name)
    for version in have.versions:
        bundles.verify(bundles.find(layout, version.artifact), version.artifact)
    contents = [version.content for version in have.versions]
    assert len(set(contents)) == len(contents)
    for alias in have.aliases:
        assert have.version(alias.version) is not None


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_command_leaves_sound_state_that_the_next_finishes(root, start, seed):
    """Create and update, killed at random moments: sound, and a new plan finishes."""
    chance = random.Random(seed)
    for number in range(3):
        process = start("it", "forever")
        if number == 0:
            until(root.exists)
        else:
            time.sleep(0.35)
        time.sleep(chance.random() * 0.1)
        process.kill()
        process.wait()
        sound(root, "it")

    cloud = cloud_at(root)
    address = deploy(cloud, "it", 1)

    have = cloud.snapshot("it")
    assert not plan(want("it", address), have)
    assert have.serves("live", content_of(want("it", address).function))


def test_a_killed_put_shows_nothing_and_the_next_puts_it_whole(root, start):
    """A bundle is there and sound, or it is not there."""
    made, cloud = bundle(7), cloud_at(root)
    kept = Layout(root).bundle(made.digest)
    for wait in (0.0, 0.001, 0.003, 0.006):
        process = start("it", "put", 7)
        until((root / "bundles").exists)
        time.sleep(wait)
        process.kill()
        process.wait()
        if kept.exists():
            bundles.verify(kept, made.digest)

    assert made.digest == keep(cloud, made)
    bundles.verify(kept, made.digest)


def test_a_killed_daemon_takes_its_environments_and_is_replaced(root):
    """No process is left behind; the next call has a new daemon and an answer."""
    cloud = cloud_at(root)
    deploy(cloud, "it", 0)
    for _ in range(3):
        cloud.invoke("it", b"{}")
        before = status(root)
        os.kill(before.pid, signal.SIGKILL)
        until(partial(none_alive, environments(before)))

        assert cloud.invoke("it", b"{}").cold
        after = status(root)
        assert before.pid != after.pid
        assert not set(environments(before)) & set(environments(after))
    assert [alias.name for alias in cloud.snapshot("it").aliases] == ["live"]


def environments(found) -> list[int]:
    return [environment.pid for environment in found.environments]


def none_alive(pids: list[int]) -> bool:
    return not any(map(alive, pids))


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_daemon_killed_under_a_request_is_replaced_under_it(root, start):
    """Predictions change nothing, so the request is sent again by itself."""
    cloud = cloud_at(root)
    deploy(cloud, "it", 0)
    cloud.invoke("it", b"{}")
    process = start("it", "predict", 300)
    for _ in range(3):
        time.sleep(0.3)
        found = status(root)
        if found is not None:
            os.kill(found.pid, signal.SIGKILL)

    _, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, "")


def test_a_killed_environment_is_told_and_replaced(root):
    """Whoever kills a function's process harms one request at most."""
    cloud = cloud_at(root)
    deploy(cloud, "it", 0)
    cloud.invoke("it", b"{}")
    (pid,) = environments(status(root))
    os.kill(pid, signal.SIGKILL)
    until(lambda: not environments(status(root)))

    assert cloud.invoke("it", b"{}").error is None


def test_nothing_is_left_of_scratch_folders(root):
    """Neither by environments that end, nor by those that were killed."""
    cloud = cloud_at(root)
    deploy(cloud, "it", 0)
    cloud.invoke("it", b"{}")
    os.kill(status(root).pid, signal.SIGKILL)
    cloud.invoke("it", b"{}")

    assert len(list((root / "scratch").iterdir())) == 1


def test_an_interrupted_first_use_is_made_good(root):
    """A state file that was only begun is finished by the next command."""
    root.mkdir()
    sqlite3.connect(root / "state.db").execute("PRAGMA journal_mode = WAL").close()
    cloud = cloud_at(root)

    address = keep(cloud, bundle(0))
    apply(plan(want("it", address), cloud.snapshot("it")), cloud, silent)

    assert cloud.names() == ("it",)
