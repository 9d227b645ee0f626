"""What nobody waits for is written within seconds, or not at all."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from mlflow_serverless.lineage import Cause, Does, Move
from mlflow_serverless.lineage.best_effort import QUICK, best_effort
from mlflow_serverless.provenance import moved
from tests.fakes.mlflow_state import pointing_at
from tests.fakes.tell import Heard
from tests.unit.lineage.test_lineage import START

WRITE = Move(
    at=START, deployment="fraud", target="lambda:/local", environment="",
    does=Does.SERVES, model="models:/fraud/1", version="1", cause=Cause(actor="ann"),
)  # fmt: skip


@contextmanager
def mute():
    """A server that takes connections and never answers; how many it took."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def take():
            while True:
                try:
                    taken.append(door.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}", taken
        door.shutdown(socket.SHUT_RDWR)
    for one in taken:
        one.close()


@pytest.fixture
def heard():
    return Heard()


def test_where_nobody_listens_nobody_waits(heard):
    """A warning says what was not written; MLflow alone would try for minutes."""
    with pointing_at("http://127.0.0.1:9"):
        begun = time.monotonic()
        for _ in range(3):
            moved(WRITE, heard)

    assert 5 > time.monotonic() - begun
    whats = [fields["what"] for event, fields in heard.events]
    assert 3 == len(whats)
    assert all("not written back to MLflow" in what for what in whats)


def test_a_registry_that_does_not_answer_is_given_up(heard, monkeypatch):
    """The first write waits for as long as it may, the next ones not at all."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with mute() as (url, taken), pointing_at(url):
        begun = time.monotonic()
        for _ in range(3):
            moved(WRITE, heard)
        tried = len(taken)

    assert 15 > time.monotonic() - begun
    assert 3 == len(heard.events)
    assert "a moment ago" in heard.events[-1][1]["what"]
    assert 5 >= tried


def test_the_environment_is_as_it_was(heard):
    """What MLflow is told for a write is gone after it, whatever came of it."""
    before = dict(os.environ)
    with best_effort(heard, "record.warning"):
        assert QUICK.items() <= os.environ.items()
        raise ValueError("no")

    assert before == dict(os.environ)
    assert "not written back to MLflow: no" == heard.events[-1][1]["what"]
