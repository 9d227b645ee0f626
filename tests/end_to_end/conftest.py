"""Clouds for whole files of tests: this machine's, and an account on AWS."""

from __future__ import annotations

import pytest

from mlflow_serverless.local import stop
from tests.fakes.aws.engine import SETUP, Engine
from tests.fakes.aws.registry import Registry, htpasswd
from tests.fakes.aws.server import REGION, Aws
from tests.fakes.registry_process import registry
from tests.image.containers import registry_of_base


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where the embedded cloud of a file of tests is; nothing is left to run there."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_SERVERLESS_HOME", str(folder))
        yield folder
        stop(folder)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Address of a base image that everybody may pull."""
    with registry_of_base(tmp_path_factory.mktemp("base")) as address:
        yield address


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """AWS, with ECR over a real registry, that runs images in containers."""
    folder = tmp_path_factory.mktemp("aws")
    (folder / "login").mkdir()
    (folder / "registry").mkdir()
    with (
        registry(folder / "registry", htpasswd=htpasswd()) as host,
        Aws(
            folder / "run", SETUP, Registry(host, REGION),
            Engine(host, folder / "login"),
        ) as made,
        pytest.MonkeyPatch.context() as patch,
    ):  # fmt: skip
        patch.setenv("MLFLOW_SERVERLESS_HOME", str(folder / "home"))
        for key, value in made.environ().items():
            patch.setenv(key, value)
        yield made
