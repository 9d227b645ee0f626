"""The real runtime with a small real bundle."""

from __future__ import annotations

import pytest

from tests.fakes.bundle import native_library, write_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """Environment variables that point at a small bundle and the engine's library."""
    folder = write_bundle(tmp_path_factory.mktemp("bundle"))
    return {
        "MLFLOW_SERVERLESS_BUNDLE": str(folder),
        "MLFLOW_SERVERLESS_ORT": str(native_library()),
        "MLFLOW_SERVERLESS_SCRATCH": str(tmp_path_factory.mktemp("scratch")),
    }
