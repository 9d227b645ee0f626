"""Whom the process talks to, as the kernel sees it: native libraries included."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fakes.bundle import EVENT, native_library, write_bundle
from tests.fakes.loop_process import ENTRY, LEAN, Runtime
from tests.fakes.s3_server import FakeS3, serving

CALLS = "connect,bind,listen,sendto,sendmsg,sendmmsg"
"""Whatever begins a conversation, or carries a word of one without a connection."""

TO = re.compile(r'sin6?_port=htons\((\d+)\).*?"([0-9a-f.:]+)"')

pytestmark = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace watches (apt-get install strace)"
)


@pytest.fixture
def bucket():
    """A bucket, and what a function that may read it finds in its environment."""
    fake = FakeS3()
    with serving(fake) as address:
        yield (
            fake,
            {
                "AWS_ENDPOINT_URL_S3": address.replace("localhost", "127.0.0.1"),
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_REGION": "eu-central-1",
            },
        )


def fetched(folder: Path, fake: FakeS3) -> Path:
    """The small bundle with its graph in the bucket, not beside the manifest."""
    write_bundle(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (file,) = manifest["files"]
    graph = folder / file["path"]
    fake.objects[f"/bucket/models/{file['sha256']}"] = graph.read_bytes()
    graph.unlink()
    manifest["tiers"] = [
        {"kind": kind, "root": root, "budget_bytes": None}
        for kind, root in (("tmp", ""), ("s3", "s3://bucket/models"))
    ]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def watched(
    folder: Path, environ: Mapping[str, str], program: Path = ENTRY
) -> tuple[set[str], set[str]]:
    """
    Addresses that a whole life of the process names to the kernel.

    Returns:
        All it has named, and the Runtime API's.
    """
    log = folder / "calls"
    strace = ("strace", "-f", "-qq", "-e", f"trace={CALLS}", "-o", str(log), *LEAN)
    with Runtime(
        program, by=strace, **environ,
        MLFLOW_SERVERLESS_ORT=str(native_library()),
        MLFLOW_SERVERLESS_SCRATCH=str(folder / "scratch"),
    ) as runtime:  # fmt: skip
        posted = [runtime.api.invoke(EVENT, timeout_s=60) for _ in range(4)]
        address = runtime.api.address
        _end(runtime.process.pid)
        assert 0 == runtime.ended(60)
    lines = [line for line in log.read_text().splitlines() if "sin" in line]
    named = [TO.search(line) for line in lines]
    assert {"response"} == {answer.kind for answer in posted}
    assert all(named), lines
    return {f"{found[2]}:{found[1]}" for found in named}, {address}


def _end(tracer: int) -> None:
    """Ask what is traced to end; strace itself does not listen to signals."""
    children = Path(f"/proc/{tracer}/task/{tracer}/children").read_text()
    os.kill(int(children.split()[0]), signal.SIGTERM)


def test_an_image_talks_to_the_runtime_api_only(tmp_path):
    """From exec to the end: no other address, no name looked up, nothing listens."""
    bundle = str(write_bundle(tmp_path / "bundle"))
    named, api = watched(tmp_path, {"MLFLOW_SERVERLESS_BUNDLE": bundle})

    assert api == named


def test_a_model_in_s3_adds_s3_and_nobody_else(tmp_path, bucket):
    """Fetching the model asks the bucket's endpoint; nothing else is ever asked."""
    fake, environ = bucket
    place = str(fetched(tmp_path / "bundle", fake))
    named, api = watched(tmp_path, {**environ, "MLFLOW_SERVERLESS_BUNDLE": place})

    assert fake.asked
    assert api | {environ["AWS_ENDPOINT_URL_S3"].removeprefix("http://")} == named


def test_the_watcher_sees_native_code(tmp_path):
    """A connection that only C makes, past Python's audit hooks, would be seen."""
    program = tmp_path / "program.py"
    program.write_text(
        "import ctypes, runpy, struct, sys\n"
        "c = ctypes.CDLL(None)\n"
        "fd = c.socket(2, 2, 0)\n"
        "where = struct.pack('=H', 2) + struct.pack('>H', 9) + bytes((127, 0, 0, 2))\n"
        "c.connect(fd, where + bytes(8), 16)\n"
        f"sys.argv = [{str(ENTRY)!r}]\n"
        f"runpy.run_path({str(ENTRY)!r}, run_name='__main__')\n"
    )
    bundle = str(write_bundle(tmp_path / "bundle"))
    named, api = watched(
        tmp_path, {"MLFLOW_SERVERLESS_BUNDLE": bundle}, program=program
    )

    assert api | {"127.0.0.2:9"} == named
