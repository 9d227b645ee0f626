"""GitHub's runner, as far as composite actions and jobs of `run` and `uses` need it.

`tests/actions/runner.mjs` evaluates `${{ }}` with GitHub's own engine and runs the
steps with bash, as the runner does; what `npm ci` installs is locked there.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
ACTIONS = ROOT / "github-actions"
SCRIPTS = ROOT / "tests" / "actions"
OURS = "OWNER/mlflow_serverless/github-actions/"
"""How examples name our actions; a fork's owner is put in its place."""


class UnavailableError(Exception):
    """Node.js or its packages cannot be had here."""


def modules() -> Path:
    """
    The folder of scripts, with `node_modules` in it as the lock says.

    Raises:
        UnavailableError: There is no npm, or it cannot install.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise UnavailableError("no npm (apt-get install npm)")
    made, lock = SCRIPTS / "node_modules", SCRIPTS / "package-lock.json"
    stamp = made / ".made-from"
    SCRIPTS.joinpath(".gitignore").touch()
    with (SCRIPTS / ".gitignore").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != lock.read_text():
            words = (npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            done = subprocess.run(
                words, cwd=SCRIPTS, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise UnavailableError(f"npm ci failed: {done.stderr.strip()[-300:]}")
            stamp.write_text(lock.read_text())
    return SCRIPTS


@dataclass
class Runner:
    """One machine: what it installs stays for the next action."""

    scripts: Path
    workspace: Path
    temp: Path
    env: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.install()

    def install(self, text: str = "") -> None:
        """Put the CLI of this checkout, or a script, where `install.sh` looks."""
        call = "from mlflow_serverless.cli import main; main()"
        text = text or (
            f"#!/bin/sh\nPYTHONPATH='{ROOT}' exec '{sys.executable}' -W ignore "
            f"-c '{call}' \"$@\"\n"
        )
        where = self.installed() / "bin"
        where.mkdir(parents=True, exist_ok=True)
        program = where / "mlflow-serverless"
        program.write_text(text)
        program.chmod(0o755)

    def installed(self) -> Path:
        """Where `install.sh` installs: named by the lock and by itself."""
        words = "cat requirements.lock install.sh | cksum | tr ' ' -"
        done = subprocess.run(
            ("sh", "-c", words), cwd=ACTIONS, capture_output=True, text=True, check=True
        )
        return self.temp / f"mlflow-serverless-{done.stdout.strip()}"

    def action(self, which: str, inputs: dict, **more) -> dict:
        """Run one of our actions."""
        return self._run(action=str(ACTIONS / which), inputs=inputs, **more)

    def job(self, workflow: Path, job: str, **more) -> dict:
        """Run one job of a workflow; actions of others are listed, and not run."""
        local = {OURS: str(ACTIONS)}
        return self._run(workflow=str(workflow), job=job, local=local, **more)

    def _run(self, *, env=None, **asked) -> dict:
        asked |= {"env": self.env | (env or {})}
        asked |= {"workspace": str(self.workspace), "temp": str(self.temp)}
        done = subprocess.run(
            ("node", str(self.scripts / "runner.mjs")), input=json.dumps(asked),
            capture_output=True, text=True, check=False, env=clean(),
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return json.loads(done.stdout)


def clean() -> dict[str, str]:
    """Our environment, without what a CI that runs these tests says of itself."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "CI"))}
