"""Actions and workflows, run as GitHub's runner runs them."""

import os

import pytest

from tests.fakes.actions import Runner, UnavailableError, modules

RECORDS = """\
#!/bin/sh
[ "$1" = --version ] && exec echo "mlflow-serverless, version 0"
printf '%s' "$INPUTS" > "$GITHUB_WORKSPACE/inputs"
printf '%s\\n' "$@" > "$GITHUB_WORKSPACE/words"
printf 'deployment<<E\\nfraud\\nE\\n' >> "$GITHUB_OUTPUT"
echo "## page" >> "$GITHUB_STEP_SUMMARY"
exit "${CODE:-0}"
"""


@pytest.fixture(scope="session")
def node():
    """The folder whose `node_modules` the scripts need."""
    try:
        return modules()
    except UnavailableError as why:
        pytest.skip(str(why))


@pytest.fixture
def runner(node, tmp_path):
    """Runs actions in a workspace of their own, with the CLI of this checkout."""
    (tmp_path / "workspace").mkdir()
    (tmp_path / "temp").mkdir()
    env = {"MLFLOW_SERVERLESS_HOME": str(tmp_path / "home")}
    env |= {k: v for k, v in os.environ.items() if k == "MLFLOW_TRACKING_URI"}
    return Runner(node, tmp_path / "workspace", tmp_path / "temp", env)


@pytest.fixture
def recording(runner):
    """As `runner`, with a CLI that only writes down how it was called."""
    runner.install(RECORDS)
    return runner
