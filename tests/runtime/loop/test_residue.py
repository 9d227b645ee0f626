"""Nothing of a request stays once the next one is there."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from pathlib import Path

import pytest

from tests.fakes.bundle import COLUMNS, EVENT
from tests.fakes.loop_process import LEAN, ROOT, Runtime
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


@pytest.mark.parametrize("requests", [1, 2, 5])
def test_numbers_are_gone_from_the_engines_tensors(requests, bundle):
    """Layouts that are kept for the next request hold no value of the last one."""
    values = 6.25e-21, 7.5e13
    row = dict(zip(COLUMNS, values, strict=True))
    event = json.dumps({"dataframe_records": [row]}).encode()
    with Runtime(SEARCHABLE, **bundle) as runtime:
        for _ in range(requests):
            assert "response" == runtime.api.invoke(event).kind
        found = runtime.api.invoke(
            b"search " + struct.pack("<2f", *values).hex().encode()
        )

    assert b"0" == found.body


def test_the_search_finds_what_is_there():
    """The searcher is no blind one: it finds what the process does keep."""
    with Runtime(KEPT=SECRET.decode()) as runtime:
        assert search(runtime) > 0


KEEPERS = """
import array, ctypes, sys
sys.path.append(sys.argv[1])
from tests.fakes.loop_app import holders
secret = bytes(reversed(range(101, 117)))
for keep in (
    ctypes.create_string_buffer, bytearray, lambda one: array.array("B", one),
    (ctypes.c_float * 4).from_buffer_copy, lambda one: memoryview(bytearray(one)),
):
    kept = {"a": [keep(secret)]}
    print(bool(holders(secret)), end=" ")
    kept.clear()
    print(bool(holders(secret)))
"""


def test_the_search_looks_into_buffers():
    """Arrays and native memory are no hiding place; what is gone is not found."""
    done = subprocess.run(
        (*LEAN, "-c", KEEPERS, str(ROOT)), capture_output=True, text=True, check=True
    )

    assert ["True False"] * 5 == done.stdout.splitlines()


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
