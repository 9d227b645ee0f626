"""What every test may ask for: a home of its own, and one MLflow store for all."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for state that no other test sees."""
    folder = tmp_path / "home"
    monkeypatch.setenv("MLFLOW_SERVERLESS_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Shop"]:  # noqa: F821 - imported when asked for
    """A sqlite store with a few small models; see `tests.fakes.shop`."""
    from tests.fakes.shop import open_shop

    yield from open_shop(tmp_path_factory.mktemp("mlflow"))
