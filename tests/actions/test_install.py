"""What is installed, and that a job installs it once."""

import os
import re
import subprocess

import pytest

from tests.fakes.actions import ACTIONS

UV = """\
#!/bin/sh
echo "$@" >> "$RUNNER_TEMP/called"
case "$1" in
venv) for last; do :; done; mkdir -p "$last/bin" ;;
pip) for word; do case $word in */bin/python) bin=${word%/python} ;; esac; done
     printf '#!/bin/sh\\necho version\\n' > "$bin/mlflow-serverless"
     chmod +x "$bin/mlflow-serverless" ;;
esac
"""


@pytest.fixture
def install(tmp_path):
    """Runs `install.sh`; what it says, what it called, what it put on the path."""
    (tmp_path / "uv").write_text(UV)
    (tmp_path / "uv").chmod(0o755)

    def run(requirements=""):
        for name in ("called", "path"):
            (tmp_path / name).write_text("")
        env = os.environ | {
            "PATH": f"{tmp_path}:{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path),
            "GITHUB_PATH": str(tmp_path / "path"), "REQUIREMENTS": requirements,
        }  # fmt: skip
        done = subprocess.run(
            [str(ACTIONS / "install.sh")], env=env, cwd=tmp_path,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        called = (tmp_path / "called").read_text().splitlines()
        return done, called, (tmp_path / "path").read_text().splitlines()

    return run


def test_everything_is_locked_and_installed_once(install):
    """
    Dependencies by hash; the package without any, built by what is installed already.
    """
    done, called, path = install()
    again, nothing, same = install()

    assert 0 == done.returncode == again.returncode, done.stderr + again.stderr
    assert ["venv", "pip", "pip"] == [line.split()[0] for line in called]
    assert f"--require-hashes --requirements {ACTIONS}/requirements.lock" in called[1]
    assert "--no-deps --no-build-isolation" in called[2]
    assert [] == nothing
    assert same == path
    assert os.access(f"{path[0]}/mlflow-serverless", os.X_OK)


def test_another_lock_is_another_installation(install, tmp_path):
    """
    Relative to the folder that the action works in.
    """
    (tmp_path / "mine.lock").write_text("x==1 --hash=sha256:0\n")
    *_, ours = install()
    _, called, theirs = install("mine.lock")

    assert "--require-hashes --requirements mine.lock" in called[1]
    assert ours != theirs


def test_a_lock_that_is_missing_is_said(install):
    """
    And nothing is installed instead.
    """
    done, called, path = install("$(touch pwned).lock")

    assert 2 == done.returncode
    assert "there is no lock at $(touch pwned).lock" in done.stderr
    assert [] == called == path


def test_the_lock_pins_everything_by_hash():
    """
    And names no index: whoever installs has their own.
    """
    text = (ACTIONS / "requirements.lock").read_text()
    entries = re.split(r"\n(?=\S)", text.strip())

    assert all(re.match(r"[\w.-]+==[^\s;]+", entry) for entry in entries)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert {"mlflow", "boto3", "hatchling"} <= {e.partition("==")[0] for e in entries}
