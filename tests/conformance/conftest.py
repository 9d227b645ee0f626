"""Clouds that the suite is run on; another is one more fixture parameter."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.local import LocalCloud, Setup, stop
from mlflow_serverless.plan import Desired, Function, Settings, plan
from mlflow_serverless.world import Cloud
from tests.fakes.bundles import keep, make_bundle
from tests.fakes.cloud import FakeCloud
from tests.fakes.tell import silent

RUNTIME = Path(__file__).parents[1] / "fakes" / "runtime.py"


@dataclass
class Place:
    """A cloud, and what the suite needs to deploy to it."""

    cloud: Cloud
    artifact: Callable[[int], str]
    """Address of the n-th artifact."""
    name: str = field(default_factory=lambda: f"it-{uuid.uuid4().hex[:8]}")

    def want(self, artifact: int = 0, **given: Any) -> Desired:
        note, tags = given.pop("note", ""), given.pop("tags", ())
        settings = Settings(**{"memory_mb": 256, "timeout_s": 5, **given})
        function = Function(
            name=self.name, artifact=self.artifact(artifact), settings=settings
        )
        return Desired(function=function, note=note, tags=tags)

    def deploy(self, artifact: int = 0, **given: Any) -> None:
        want = self.want(artifact, **given)
        apply(plan(want, self.cloud.snapshot(self.name)), self.cloud, silent)


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Iterator[tuple[Cloud, Callable[[int], str]]]:
    root = tmp_path_factory.mktemp("home")
    cloud = LocalCloud(root / "root", setup=Setup(runtime=RUNTIME, idle_s=30))
    made: dict[int, str] = {}

    def artifact(n: int) -> str:
        if n not in made:
            bundle = make_bundle(root / f"bundle-{n}", str(n).encode())
            made[n] = keep(cloud, bundle)
        return made[n]

    yield cloud, artifact
    stop(root / "root")


def fake() -> tuple[Cloud, Callable[[int], str]]:
    return FakeCloud(), lambda n: f"sha256:{n:064}"


@pytest.fixture(params=["fake", "local"])
def control(request) -> Place:
    """Every cloud: deployments can be looked at and changed."""
    if request.param == "fake":
        return Place(*fake())
    return Place(*request.getfixturevalue("local"))


@pytest.fixture(params=["local"])
def place(request) -> Place:
    """Every cloud that runs functions."""
    return Place(*request.getfixturevalue(request.param))
