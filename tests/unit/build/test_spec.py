"""What an image says of itself follows from bundle, options and base alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambda_runtime.manifest import Engine
from mlflow_serverless.build import DEFAULT_BASE, BuildOptions
from mlflow_serverless.build.base import Base
from mlflow_serverless.build.docker import DockerEngine
from mlflow_serverless.build.errors import EngineError
from mlflow_serverless.build.facts import Facts
from mlflow_serverless.build.spec import image_spec
from mlflow_serverless.build.toolchain import Toolchain
from mlflow_serverless.package import read_bundle
from mlflow_serverless.store import ContentStore
from tests.fakes.bundle import write_bundle
from tests.fakes.tell import silent

SNAPSTART = "com.amazonaws.lambda.feature.snapstart"
BASE = Base(
    reference="base", digest="sha256:1", config={"config": {"Env": ["HOME=/root"]}},
    layers=(), blobs={},
    facts=Facts(python="/var/lang/bin/python3.12", minor="3.12", glibc=(2, 34)),
    toolchain=Toolchain(argv=(), environment=(), release="3.12.7", origin="sha256:1"),
)  # fmt: skip


@pytest.fixture
def bundle(tmp_path):
    """The small bundle."""
    return read_bundle(write_bundle(tmp_path / "bundle"))


@pytest.mark.parametrize(
    "base, said", [(DEFAULT_BASE, False), ("r.test/lambda/python:3.12", True)]
)
def test_snapstart_is_allowed_where_the_base_does_not_say_so(bundle, base, said):
    """Without the label no version of another base could be published with it."""
    spec = image_spec(bundle, BuildOptions(base=base), BASE, "")

    assert said is (SNAPSTART in spec.labels)


@pytest.mark.parametrize("engine", ["ort-c", "ort-python", "native"])
def test_every_engine_is_told_where_its_libraries_are(bundle, engine):
    """The library, or the packages; native ones get a home that can be written."""
    manifest = bundle.manifest._replace(engine=Engine(engine))
    made = replace(bundle, manifest=manifest)
    found = image_spec(made, BuildOptions(), BASE, "").environment

    assert ("ort-c" == engine) is ("MLFLOW_SERVERLESS_ORT" in found)
    assert ("native" == engine) is ("MLFLOW_SERVERLESS_SITE" in found)
    assert {"native": "/tmp"}.get(engine, "/root") == found["HOME"]
    assert "1" == found["ORT_DISABLE_TELEMETRY"]


def test_an_engine_that_is_not_there_is_named(tmp_path, monkeypatch):
    """With the builder that needs none."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")

    with pytest.raises(EngineError) as caught:
        DockerEngine(ContentStore(tmp_path), silent)
    assert "image.builder=direct" in caught.value.hint
