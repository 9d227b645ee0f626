"""Where the data plane gets images from, and how it runs them."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlflow_serverless.local.setup import Setup
from tests.fakes.aws.registry import PASSWORD, USER
from tests.fakes.patience import until

RUNTIME = Path(__file__).parent / "container.py"
"""What environments are started with: it runs the image."""

SETUP = Setup(runtime=RUNTIME, idle_s=120)


class Engine:
    """
    A Docker engine that pulls from the stand-in for ECR.

    Args:
        host: `host:port` of the registry.
        folder: Keeps the login.
    """

    def __init__(self, host: str, folder: Path) -> None:
        self._host, self._folder = host, folder
        self._label = f"mlflow-serverless.stand-in={uuid.uuid4().hex}"
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        login = {"auths": {host: {"auth": token}}}
        (folder / "config.json").write_text(json.dumps(login))
        self._pulled: set[str] = set()

    def told(self, address: str) -> dict[str, Any]:
        """What `container.py` needs to know of the image at *address*."""
        image = f"{self._host}/{address.partition('/')[2]}"
        if image not in self._pulled:
            self._run("pull", "-q", image)
            self._pulled.add(image)
        return {"image": image, "docker": self._docker, "label": self._label}

    def close(self) -> None:
        """Leave no container and no image behind."""
        until(self._ended)
        for image in self._pulled:
            self._run("rmi", "-f", image)

    def _ended(self) -> bool:
        """Whether no container is left; those that linger are ended."""
        with suppress(RuntimeError):  # one that is being removed cannot be again
            left = self._run("ps", "-aq", "--filter", f"label={self._label}").split()
            if left:
                self._run("rm", "-f", *left)
            return not left
        return False

    @property
    def _docker(self) -> list[str]:
        return [str(shutil.which("docker")), "--config", str(self._folder)]

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [*self._docker, *words], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"docker {words[0]}: {done.stderr.strip()}")
        return done.stdout.strip()
