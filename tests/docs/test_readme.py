"""The README's code is run as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent.parent / "README.md"
BIN = Path(sys.executable).parent


def blocks(language: str) -> list[str]:
    """Fenced code of the README in *language*."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL
    )


def commands() -> list[str]:
    """The commands that a reader would type, without prompt and comment."""
    lines = (line for block in blocks("console") for line in block.splitlines())
    return [line.removeprefix("$ ").split("  #")[0].strip() for line in lines]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A fresh folder for the quickstart; its cloud is stopped at the end."""
    folder = tmp_path_factory.mktemp("readme")
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")},
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "MLFLOW_SERVERLESS_HOME": str(folder / "cloud"),
        "MLFLOW_SERVERLESS_TARGET": "lambda:/local",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    yield folder, environment
    subprocess.run(
        ["mlflow-serverless", "local", "stop"], env=environment, check=False, cwd=folder
    )


def ran(home, *words: str) -> str:
    """Output of a command that succeeded."""
    folder, environment = home
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.emulator
def test_the_quickstart_runs(home):
    """
    The Python of the quickstart deploys and predicts; the shell's commands work on it.
    """
    (quickstart,) = blocks("python")

    second_version = quickstart.split("mlflow_serverless.deploy")[0]

    printed = ran(home, sys.executable, "-c", quickstart + second_version)
    for command in commands():
        if command.startswith("mlflow"):
            ran(home, *command.split())

    assert "[0, 0, 0]" in printed
