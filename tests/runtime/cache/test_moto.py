"""Against moto's S3, a server somebody else wrote."""

from __future__ import annotations

import os
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from lambda_runtime.faults import BrokenBundle
from tests.fakes.cache_world import CacheWorld, file_of

CONTENT = os.urandom(5_000_000)
MODEL = file_of(CONTENT)
PREFIX = "models/my model/ü+%41"


@pytest.fixture(scope="module")
def moto():
    """A bucket on moto's server, with the model under an awkward prefix."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
    )
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key=f"{PREFIX}/{MODEL.sha256}", Body=CONTENT)
    yield address
    client.close()
    server.stop()


@pytest.fixture
def _environment(moto, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.usefixtures("_environment")
def test_moto_serves_us(world: CacheWorld):
    """Ranges, ETags and awkward keys work with another implementation."""
    root = f"s3://bucket/{PREFIX}"
    cache = world.open(world.manifest(MODEL, tiers="tmp s3", s3=root))

    assert CONTENT == Path(cache.path_of(MODEL)).read_bytes()


@pytest.mark.usefixtures("_environment")
@pytest.mark.parametrize(
    ("root", "says"), [("s3://bucket/x", "no object"), ("s3://other", "not exist")]
)
def test_motos_refusals_are_understood(world: CacheWorld, root: str, says: str):
    """A missing object and a missing bucket are told apart."""
    cache = world.open(world.manifest(MODEL, tiers="tmp s3", s3=root))

    with pytest.raises(BrokenBundle, match=says):
        cache.path_of(MODEL)
