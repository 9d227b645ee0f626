"""Embedded clouds for one test each."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.local import LocalCloud, Setup, stop
from mlflow_serverless.plan import Desired, Function, Settings, plan
from mlflow_serverless.world import Reply
from tests.fakes.bundles import keep, make_bundle
from tests.fakes.tell import silent

RUNTIME = Path(__file__).parents[2] / "fakes" / "runtime.py"


@pytest.fixture
def root(tmp_path) -> Iterator[Path]:
    yield tmp_path / "root"
    stop(tmp_path / "root")


@pytest.fixture
def cloud_with(root) -> Callable[..., LocalCloud]:
    """An embedded cloud on `root` with some settings."""

    def make(**given: Any) -> LocalCloud:
        return LocalCloud(root, setup=Setup(**{"runtime": RUNTIME, **given}))

    return make


@pytest.fixture
def deploy(tmp_path) -> Callable[..., str]:
    """Deploy a bundle under a name; its address."""

    def make(
        cloud: LocalCloud, name: str = "it", content: bytes = b"", **given: Any
    ) -> str:
        folder = tmp_path / f"bundle-{name}-{len(list(tmp_path.iterdir()))}"
        address = keep(cloud, make_bundle(folder, content))
        settings = Settings(**{"memory_mb": 256, "timeout_s": 5, **given})
        function = Function(name=name, artifact=address, settings=settings)
        steps = plan(Desired(function=function), cloud.snapshot(name))
        apply(steps, cloud, silent)
        return address

    return make


def ask(cloud: LocalCloud, name: str = "it", **what: object) -> Reply:
    """Call *name* with what its process is to do."""
    return cloud.invoke(name, json.dumps(what).encode())
