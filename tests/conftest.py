"""What every test may ask for: a home of its own, and one MLflow store for all.

No test reads this machine's AWS configuration, nor reaches anything but this machine;
what is tested against AWS is told where its stand-in is.
"""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# CI fails for what changed, not for the examples that a run drew: it draws the same
# ones each time. `make explore` draws others. Laws say nothing about time either: a
# machine that is busy breaks none.
settings.register_profile(
    "explore", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "same", settings.get_profile("explore"), derandomize=True, database=None
)
settings.load_profile("same")

for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]
os.environ["AWS_CONFIG_FILE"] = os.devnull
os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def _stay_here(event: str, details: tuple[object, ...]) -> None:
    """Refuse connections of this process to other machines."""
    if event != "socket.connect":
        return
    peer, address = details
    if not isinstance(peer, socket.socket) or not isinstance(address, tuple):
        return
    host = str(address[0])
    if peer.family in _INTERNET and host not in _HERE and not host.startswith("127."):
        message = f"a test connects to {address}, which is not this machine"
        raise ConnectionRefusedError(message)


_INTERNET = (socket.AF_INET, socket.AF_INET6)
_HERE = ("localhost", "::1", "0.0.0.0", "::")
sys.addaudithook(_stay_here)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for state that no other test sees."""
    folder = tmp_path / "home"
    monkeypatch.setenv("MLFLOW_SERVERLESS_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> "Shop":  # noqa: F821 - imported when asked for
    """A sqlite store with a few small models; see `tests.fakes.shop`."""
    from tests.fakes.shop import open_shop

    return open_shop(tmp_path_factory.mktemp("mlflow"))


@pytest.fixture(scope="module")
def shop(
    store: "Shop",  # noqa: F821 - imported when asked for
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator["Shop"]:  # noqa: F821 - as above
    """A copy of the store for this file's tests, where MLflow looks meanwhile."""
    from tests.fakes.shop import copy_of, in_shop

    mine = copy_of(store, tmp_path_factory.mktemp("shop"))
    with in_shop(mine):
        yield mine
