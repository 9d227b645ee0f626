"""AWS on this machine, furnished, and a cloud on it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlflow_serverless.local import Setup
from tests.fakes.aws.account import access_to, cloud_of, furnish, wanted
from tests.fakes.aws.server import Aws

if TYPE_CHECKING:
    from mlflow_serverless.plan import Desired

RUNTIME = Path(__file__).parents[2] / "fakes" / "runtime.py"


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    """The stand-in, with a role for functions and a repository of images."""
    setup = Setup(runtime=RUNTIME, idle_s=30)
    with Aws(tmp_path_factory.mktemp("aws"), setup) as made:
        furnish(access_to(made))
        yield made


@pytest.fixture
def aws(furnished):
    """The stand-in; whatever a test makes it do wrong ends with the test."""
    yield furnished
    furnished.faults.heal()


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
def want(access, name):
    """From the number of an image, and settings, to a deployment."""

    def deployment(number: int = 1, *, resources=(), **given) -> Desired:
        return wanted(access, name, number, resources=tuple(resources), **given)

    return deployment
