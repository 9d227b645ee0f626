"""A snapshot is taken once the model is loaded: nothing in it belongs to its day."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.bundle import EVENT, native_library, write_several
from tests.fakes.credentials_endpoint import TOKEN, CredentialsEndpoint
from tests.fakes.loop_process import ENTRY, ROOT, Runtime
from tests.fakes.s3_server import FakeS3, serving

if TYPE_CHECKING:
    from tests.fakes.runtime_api import FakeRuntimeApi

SEARCHABLE = ROOT / "tests/fakes/searchable.py"
OLD, NEW = "0ld-s3cr3t-" * 3, "n3w-s3cr3t-" * 3


@pytest.fixture
def keys():
    with CredentialsEndpoint() as endpoint:
        endpoint.hand_out("AKIDOLD", OLD, "old-session")
        yield endpoint


@pytest.fixture
def bucket():
    fake = FakeS3()
    with serving(fake) as address:
        yield fake, address.replace("localhost", "127.0.0.1")


@pytest.fixture
def environ(tmp_path, bucket, keys):
    """Two models whose graphs are in S3, in a function that is to be snapshotted."""
    fake, address = bucket
    folder = write_several(tmp_path / "b", "fraud", "churn", memory_bytes=10_000_000)
    for place in (folder / "of").iterdir():
        manifest = json.loads((place / "manifest.json").read_text())
        (file,) = manifest["files"]
        graph = place / file["path"]
        fake.objects[f"/bucket/models/{file['sha256']}"] = graph.read_bytes()
        graph.unlink()
        manifest["tiers"] = [
            {"kind": kind, "root": root, "budget_bytes": None}
            for kind, root in (("tmp", ""), ("s3", "s3://bucket/models"))
        ]
        (place / "manifest.json").write_text(json.dumps(manifest))
    return {
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": keys.uri,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": TOKEN,
        "AWS_ENDPOINT_URL_S3": address,
        "AWS_REGION": "eu-central-1",
        "MLFLOW_SERVERLESS_BUNDLE": str(folder),
        "MLFLOW_SERVERLESS_ORT": str(native_library()),
        "MLFLOW_SERVERLESS_SCRATCH": str(tmp_path / "scratch"),
    }


def frozen(program: Path, environ: dict[str, str]) -> Runtime:
    """A process that is about to wait for its restore."""
    runtime = Runtime(program, **environ)
    runtime.api.thawed.clear()
    return runtime


def sockets(pid: int) -> list[str]:
    """What the kernel has open for the process as sockets."""
    links = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    return [link for link in links if link.startswith("socket:")]


def churn() -> bytes:
    """The direct event, asked of the second model through a function URL."""
    return json.dumps(
        {
            "version": "2.0", "rawPath": "/models/churn/invocations",
            "requestContext": {"http": {"method": "POST"}},
            "headers": {"content-type": "application/json"}, "body": EVENT.decode(),
        }
    ).encode()  # fmt: skip


def holders(api: FakeRuntimeApi, secret: str) -> int:
    """How many live objects hold *secret*."""
    return int(api.invoke(b"search " + secret.encode().hex().encode()).body)


def test_only_the_runtime_apis_socket_is_frozen_and_it_is_dropped(environ):
    """The bucket's and the endpoint's are closed by then; after it a new one serves."""
    with frozen(ENTRY, environ) as runtime:
        runtime.api.wait_frozen()
        before = sockets(runtime.process.pid)
        threads = list(Path(f"/proc/{runtime.process.pid}/task").iterdir())
        runtime.api.thawed.set()
        assert "response" == runtime.api.invoke(EVENT).kind
        after = sockets(runtime.process.pid)

    assert (1, 1, 1) == (len(before), len(threads), len(after))
    assert before != after
    assert runtime.api.connected >= 2


def test_credentials_are_asked_for_when_they_are_used(environ, bucket, keys):
    """What was good at the snapshot is not kept; after a restore it is asked anew."""
    fake, _ = bucket
    with frozen(SEARCHABLE, environ) as runtime:
        runtime.api.wait_frozen()
        keys.hand_out("AKIDNEW", NEW, "new-session")
        runtime.api.thawed.set()
        assert 0 == holders(runtime.api, OLD)
        told = json.loads(runtime.api.invoke(churn()).body)
        assert 0 == holders(runtime.api, NEW)
    signers = [
        re.search("Credential=([A-Z]+)/", asked.headers["authorization"])
        for asked in fake.asked
    ]

    assert 200 == told["statusCode"]
    assert ["AKIDOLD", "AKIDNEW"] == [found and found[1] for found in signers]
    assert ["old-session", "new-session"] == [
        asked.headers["x-amz-security-token"] for asked in fake.asked
    ]
