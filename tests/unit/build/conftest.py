"""A base, wheels, a bundle and a store: all that a build takes, and no network."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlflow_serverless.build import BuildOptions, Image, Registry, build
from mlflow_serverless.package import Bundle, read_bundle
from mlflow_serverless.store import ContentStore
from tests.fakes import base_image
from tests.fakes.bundle import write_bundle
from tests.fakes.registry import FakeRegistry
from tests.fakes.tell import silent
from tests.fakes.wheels import served, write_index


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """Address of a package index."""
    with served(write_index(tmp_path_factory.mktemp("wheels"))) as address:
        yield address


@pytest.fixture
def offline(wheels, monkeypatch, tmp_path_factory):
    """Resolving meets these wheels, and nothing else."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", wheels)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "uv"))


@pytest.fixture
def registry():
    """With a base for both processors."""
    with FakeRegistry() as fake:
        digests = {
            oci: base_image.publish(fake, oci, oci=oci) for oci in ("amd64", "arm64")
        }
        base_image.publish_index(fake, "3", **digests)
        yield fake


@dataclass
class Workshop:
    """Builds from one set of inputs."""

    registry: FakeRegistry
    bundle: Bundle
    root: Path
    shared: Path
    """What tests that need no home of their own build in: most is made already."""

    def options(self, **more) -> BuildOptions:
        base = f"{self.registry.host}/{base_image.REPOSITORY}:3"
        asked = {"base": base, "interpreter": Path(sys.executable), **more}
        return BuildOptions(**asked)

    def build(self, home: str = "", *, tell=silent, bundle=None, **more) -> Image:
        store = ContentStore(self.root / home if home else self.shared)
        made = bundle or self.bundle
        return build(made, self.options(**more), store, tell)

    def client(self, **more) -> Registry:
        return Registry(self.registry.host, **more)


@pytest.fixture
def workshop(registry, offline, tmp_path, tmp_path_factory) -> Workshop:
    """Everything in its place."""
    bundle = read_bundle(write_bundle(tmp_path / "bundle"))
    shared = tmp_path_factory.getbasetemp() / "shared-store"
    return Workshop(registry, bundle, tmp_path, shared)
