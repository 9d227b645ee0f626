"""Sessions over small graphs, each opened once."""

from typing import TYPE_CHECKING

import pytest

from lambda_runtime.engine import open_session
from lambda_runtime.manifest import Variant
from tests.runtime.engine.graphs import saved

if TYPE_CHECKING:
    from lambda_runtime.engine import Session


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("graphs")


@pytest.fixture(scope="session")
def opened(folder):
    """Opens a model under a name and engine; the same session for the same name."""
    sessions = {}

    def obtain(name, made, kind="ort-c") -> "Session":
        if (name, kind) not in sessions:
            path = saved(made, folder / f"{name}.onnx")
            sessions[name, kind] = open_session(
                kind, path, Variant("portable", f"{name}.onnx"), threads=1
            )
        return sessions[name, kind]

    yield obtain
    for session in sessions.values():
        session.close()


@pytest.fixture(params=["ort-c", "ort-python"], scope="session")
def kind(request):
    return request.param
