"""Nothing of a request stays once the next one is there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.fakes.bundle import EVENT
from tests.fakes.loop_process import ROOT, Runtime
from tests.fakes.runtime_api import Event

SECRET = b"s3cr3t-" + b"q7x9" * 3

SEARCHABLE = ROOT / "tests/fakes/searchable.py"


def search(runtime: Runtime) -> int:
    """How many live objects of the process hold the secret."""
    return int(runtime.api.invoke(b"search " + SECRET.hex().encode()).body)


@pytest.mark.parametrize(
    "event",
    [
        b"echo " + SECRET,
        b"crash " + SECRET,
        b"refuse " + SECRET,
        b"fail " + SECRET,
        SECRET * 20_000,
        json.dumps(
            {
                "version": "2.0",
                "rawPath": "/invocations",
                "requestContext": {"http": {"method": "POST"}},
                "headers": {"authorization": SECRET.decode()},
                "body": "echo " + SECRET.decode(),
            }
        ).encode(),
    ],
)
def test_a_secret_is_gone_with_its_request(event, tmp_path):
    """No live object, file, log line or environment variable holds it afterwards."""
    with Runtime(MLFLOW_SERVERLESS_SCRATCH=str(tmp_path)) as runtime:
        client = Event(
            event, headers={"Lambda-Runtime-Client-Context": SECRET.decode()}
        )
        runtime.api.wait(runtime.api.push(client))

        assert 0 == search(runtime)
        assert SECRET not in Path(f"/proc/{runtime.process.pid}/environ").read_bytes()
        assert [] == _files(runtime.process.pid)
        runtime.stop()
        assert SECRET not in runtime.out + runtime.err

    assert [] == list(tmp_path.rglob("*"))


@pytest.mark.parametrize(
    "event",
    [
        {"dataframe_records": [{"sepal length": SECRET.decode(), "sepal width": 1}]},
        {"dataframe_split": {"columns": [SECRET.decode()], "data": [[1.0]]}},
        {
            "dataframe_records": [
                {"sepal length": 1, "sepal width": 2, "x": SECRET.decode()}
            ]
        },
        SECRET.decode(),
    ],
)
def test_the_whole_runtime_forgets_too(event, bundle):
    """Protocol and engine included: refused or predicted, a secret is gone."""
    with Runtime(SEARCHABLE, **bundle) as runtime:
        runtime.api.invoke(json.dumps(event).encode())
        runtime.api.invoke(EVENT)

        assert 0 == search(runtime)
        runtime.stop()
        assert SECRET not in runtime.out + runtime.err


def test_the_search_finds_what_is_there():
    """The searcher is no blind one: it finds what the process does keep."""
    with Runtime(KEPT=SECRET.decode()) as runtime:
        assert search(runtime) > 0


def _files(pid: int) -> list[str]:
    """Files the process holds open for writing, its log apart."""
    held = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        if int(entry.name) <= 2:
            continue
        target = str(entry.readlink())
        flags = Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text().split()[3]
        if target.startswith("/") and int(flags, 8) & os.O_ACCMODE:
            held.append(target)
    return held
