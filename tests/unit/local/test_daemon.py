"""The background process: started when needed, replaced when wrong, gone when idle."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.local import status, stop
from mlflow_serverless.local.client import Client, spawn
from mlflow_serverless.local.errors import (
    BundleDamagedError,
    DaemonError,
    StateCorruptError,
)
from mlflow_serverless.local.layout import Layout
from mlflow_serverless.local.setup import Setup
from tests.fakes.patience import phases, until
from tests.unit.local.conftest import ask

pytestmark = pytest.mark.emulator


def test_nothing_runs_before_it_is_needed(cloud_with, deploy, root):
    """Neither deploying nor looking starts a process."""
    cloud = cloud_with()
    deploy(cloud)
    list(cloud.logs("it"))

    assert status(root) is None
    assert not stop(root)


def test_looking_makes_nothing(cloud_with, root):
    """Not even a folder."""
    cloud = cloud_with()

    assert cloud.names() == ()
    assert cloud.snapshot("it").function is None
    with pytest.raises(ServerlessError, match="no-such-deployment"):
        ask(cloud)
    assert not root.exists()


def test_it_stops_by_itself_when_idle(cloud_with, deploy, root):
    """With all that it kept."""
    cloud = cloud_with(idle_s=0.4)
    deploy(cloud)
    ask(cloud)
    found = status(root)

    until(lambda: status(root) is None)

    until(lambda: not psutil.pid_exists(found.environments[0].pid))
    assert ask(cloud).cold


def test_stopping_ends_everything(cloud_with, deploy, root):
    """And can be said twice."""
    cloud = cloud_with()
    deploy(cloud)
    ask(cloud)
    found = status(root)

    assert stop(root)
    assert not stop(root)

    assert status(root) is None
    until(lambda: not psutil.pid_exists(found.environments[0].pid))
    assert not psutil.pid_exists(found.pid) or zombie(found.pid)


def zombie(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_request_under_way_is_finished_before_it_stops(cloud_with, deploy, root):
    """Stopping is no failure for who came first."""
    cloud = cloud_with()
    deploy(cloud)
    ask(cloud)
    with ThreadPoolExecutor() as pool:
        reply = pool.submit(ask, cloud, do="sleep", s=0.5)
        until(lambda: "busy" in phases(root, "it"))
        stop(root)

        assert reply.result().error is None
        assert not reply.result().cold


def test_another_setup_replaces_it(cloud_with, deploy, root):
    """What runs is what was asked for, as after an upgrade."""
    first, second = cloud_with(), cloud_with(idle_s=33)
    deploy(first)
    ask(first)
    before = status(root).pid

    ask(second)

    assert before != status(root).pid


def test_the_same_setup_keeps_it(cloud_with, deploy, root):
    """However its numbers are written, and whoever asks."""
    deploy(cloud_with())
    for seconds in (33, 33.0):
        ask(cloud_with(idle_s=seconds))
    before = status(root)

    assert not ask(cloud_with(idle_s=33)).cold
    assert before.pid == status(root).pid


def test_a_stale_endpoint_is_only_a_file(cloud_with, deploy, root):
    """Even if its port and its process are somebody else's by now."""
    cloud = cloud_with()
    deploy(cloud)
    ask(cloud)
    endpoint = Layout(root).endpoint
    old = endpoint.read_text()
    stop(root)
    endpoint.write_text(old.replace(str(json.loads(old)["pid"]), str(os.getpid())))

    assert status(root) is None
    assert ask(cloud).cold


def test_nobody_without_the_token_is_answered(cloud_with, deploy, root):
    """Other users of the machine cannot read it."""
    cloud = cloud_with()
    deploy(cloud)
    ask(cloud)
    endpoint = Layout(root).endpoint

    assert endpoint.stat().st_mode & 0o777 == 0o600
    assert endpoint.parent.stat().st_mode & 0o777 == 0o700
    wrong = {**json.loads(endpoint.read_text()), "token": "wrong"}
    endpoint.write_text(json.dumps(wrong))
    assert status(root) is None
    # It sees that its announcement was changed, and puts it right.
    until(lambda: status(root) is not None)


def test_one_that_does_not_listen_is_ended_all_the_same(cloud_with, deploy, root):
    """The lock says who it is; its environments end with it."""
    cloud = cloud_with()
    deploy(cloud)
    ask(cloud)
    found = status(root)
    os.kill(found.pid, signal.SIGSTOP)

    Client(Layout(root), Setup(), stopping_s=0.2).stop()

    until(lambda: not psutil.pid_exists(found.environments[0].pid))
    assert ask(cloud).cold


def test_a_second_one_gives_way(cloud_with, deploy, root):
    """However it was started, one root has one."""
    cloud = cloud_with()
    deploy(cloud)
    ask(cloud)
    layout = Layout(root)

    other = spawn(layout, Setup())
    until(lambda: other.poll() is not None, 30)

    assert other.returncode == 1
    assert ask(cloud).error is None


def test_one_that_cannot_start_is_told_with_its_last_words(cloud_with, deploy, root):
    """The log's last line is in the error."""
    cloud = cloud_with(environments="some")
    deploy(cloud)

    with pytest.raises(DaemonError, match="ValueError"):
        ask(cloud)


def test_it_goes_when_its_folder_goes(cloud_with, deploy, root):
    """Who deletes the folder need not look for processes."""
    cloud = cloud_with()
    deploy(cloud)
    ask(cloud)
    pid = status(root).pid

    shutil.rmtree(root)

    until(lambda: not psutil.pid_exists(pid) or zombie(pid))


def test_corrupt_state_is_told_by_calls_too(cloud_with, deploy, root):
    """The same error, whichever process found it."""
    cloud = cloud_with()
    deploy(cloud)
    for suffix in ("-wal", "-shm"):
        Path(f"{Layout(root).state}{suffix}").unlink(missing_ok=True)
    Layout(root).state.write_bytes(b"garbage" * 1000)

    with pytest.raises(StateCorruptError, match=r"move .*state\.db"):
        ask(cloud)


def test_a_damaged_bundle_is_told_and_put_right(cloud_with, deploy, root):
    """Before anything of it is run; deploying again helps."""
    cloud = cloud_with()
    address = deploy(cloud, content=b"sound")
    (Layout(root).bundle(address) / "model.onnx").write_bytes(b"other")

    for _ in range(2):
        with pytest.raises(BundleDamagedError, match=r"model\.onnx"):
            ask(cloud)

    deploy(cloud, content=b"sound")
    assert ask(cloud).error is None


def test_an_interrupt_at_the_terminal_does_not_reach_it(root, cloud_with, deploy):
    """It was started by a command, but is not that command's."""
    cloud = cloud_with()
    deploy(cloud)
    ask(cloud)
    pid = status(root).pid

    os.kill(pid, signal.SIGINT)
    time.sleep(0.1)

    assert pid == status(root).pid
    assert os.getpgid(pid) == pid


def test_it_is_light():
    """Neither mlflow nor a web server is loaded for it, nor by commands."""
    code = (
        "import sys, mlflow_serverless.local.daemon as d; "
        "print([m for m in ('mlflow', 'uvicorn', 'numpy') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert found.stdout.strip() == "[]"
