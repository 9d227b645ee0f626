"""Commands that are killed, and commands that run at once."""

import json
import os
import signal
import subprocess
import sys

import pytest

from mlflow_serverless.local import LocalCloud, stop

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


@pytest.fixture
def home(tmp_path, shop):
    yield tmp_path / "home"
    stop(tmp_path / "home")


def command(home, *words):
    program = "from mlflow_serverless.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        env=os.environ | {"MLFLOW_SERVERLESS_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process):
    out, err = process.communicate(timeout=300)
    assert 0 == process.returncode, err
    return json.loads(out)


@pytest.mark.parametrize("moment", ["convert.done", "apply.step"])
def test_a_killed_command_is_finished_by_the_same_again(home, moment):
    """
    Killed with -9 at any moment: nothing half-made serves, the next run ends well.
    """
    words = ("deploy", "fraud", "models:/fraud/1", "-t", "lambda:/local", "--json")
    process = command(home, *words)
    for line in process.stderr:
        if json.loads(line)["event"] == moment:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()

    assert () == LocalCloud(home).snapshot("fraud").aliases
    done = finished(command(home, *words))
    assert ("1", "models:/fraud/1") == (done["version"], done["model"])
    assert 1 == len(LocalCloud(home).snapshot("fraud").versions)


def test_commands_that_do_the_same_at_once_agree(home):
    """
    Two deployments of one model under one name, and one under another, all succeed;
    nothing is published twice.
    """
    words = ("models:/fraud/1", "-t", "lambda:/local", "--json")
    running = [command(home, "deploy", name, *words) for name in ("one", "one", "two")]
    done = [finished(process) for process in running]

    assert {"1"} == {item["version"] for item in done}
    assert 1 == len({item["bundle"] for item in done})
    assert 1 == len(LocalCloud(home).snapshot("one").versions)
