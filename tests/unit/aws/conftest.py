"""AWS on this machine, furnished, and a cloud on it."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from mlflow_serverless.local import Setup
from mlflow_serverless.plan import Desired, Function, Settings
from tests.fakes.aws.account import access_to, cloud_of, furnish, image
from tests.fakes.aws.server import Aws


RUNTIME = Path(__file__).parents[2] / "fakes" / "runtime.py"


@pytest.fixture(scope="session")
def furnished(tmp_path_factory):
    """The stand-in, and the ARN of a role for functions."""
    setup = Setup(runtime=RUNTIME, idle_s=30)
    with Aws(tmp_path_factory.mktemp("aws"), setup) as made:
        yield made, furnish(access_to(made))


@pytest.fixture
def aws(furnished):
    """The stand-in; whatever a test makes it do wrong ends with the test."""
    made, _ = furnished
    yield made
    made.faults.heal()


@pytest.fixture
def access(aws):
    """Clients of it."""
    return access_to(aws)


@pytest.fixture
def cloud(aws):
    """A cloud on it that knows nothing yet."""
    return cloud_of(aws)


@pytest.fixture
def name():
    """Nobody else's."""
    return f"it-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def want(furnished, access, name):
    """From the number of an image, and settings, to a deployment."""

    def wanted(number: int = 1, *, resources=(), tags=(), **given) -> Desired:
        settings = {
            "memory_mb": 256, "timeout_s": 5, "role": furnished[1],
            "architecture": "x86_64", "log_group": f"/aws/lambda/{name}",
            "log_format": "Text",
        }  # fmt: skip
        function = Function(
            name=name, artifact=image(access, number),
            settings=Settings(**{**settings, **given}),
        )  # fmt: skip
        return Desired(function=function, resources=tuple(resources), tags=tags)

    return wanted
