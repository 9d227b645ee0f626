"""Clouds that the suite is run on; another is one more fixture parameter."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.local import LocalCloud, Setup, stop
from mlflow_serverless.plan import Desired, Function, Settings, plan
from mlflow_serverless.world import Cloud
from tests.fakes.aws.account import access_to, cloud_of, furnish, image
from tests.fakes.aws.server import Aws
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
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What every function needs there."""
    name: str = field(default_factory=lambda: f"it-{uuid.uuid4().hex[:8]}")

    def want(self, artifact: int = 0, **given: Any) -> Desired:
        note, tags = given.pop("note", ""), given.pop("tags", ())
        base = {key: _named(value, self.name) for key, value in self.settings.items()}
        given = {"memory_mb": 256, "timeout_s": 5, **base, **given}
        function = Function(
            name=self.name,
            artifact=self.artifact(artifact),
            settings=Settings(**given),
        )
        return Desired(function=function, note=note, tags=tags)

    def deploy(self, artifact: int = 0, **given: Any) -> None:
        want = self.want(artifact, **given)
        apply(plan(want, self.cloud.snapshot(self.name)), self.cloud, silent)


def _named(value: Any, name: str) -> Any:
    return value.format(name=name) if isinstance(value, str) else value


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


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory) -> Iterator[Aws]:
    """AWS on this machine, with what deployments need to be there."""
    setup = Setup(runtime=RUNTIME, idle_s=30)
    with Aws(tmp_path_factory.mktemp("aws"), setup) as aws:
        yield aws


@pytest.fixture(scope="module")
def aws(stand_in) -> tuple[Cloud, Callable[[int], str], Mapping[str, Any]]:
    """The cloud on it."""
    access = access_to(stand_in)
    role = furnish(access)
    settings = {
        "role": role,
        "architecture": "x86_64",
        "log_group": "/aws/lambda/{name}",
        "log_format": "Text",
    }
    return cloud_of(stand_in), lambda n: image(access, n + 1), settings


@pytest.fixture(params=["fake", "local", "aws"])
def control(request) -> Place:
    """Every cloud: deployments can be looked at and changed."""
    if request.param == "fake":
        return Place(*fake())
    return Place(*request.getfixturevalue(request.param))


@pytest.fixture(params=["local", "aws"])
def place(request) -> Place:
    """Every cloud that runs functions."""
    return Place(*request.getfixturevalue(request.param))
