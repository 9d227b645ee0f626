"""The client against a registry that fails, and one that does not let tags move."""

from __future__ import annotations

import pytest

from mlflow_serverless.build.image import MANIFEST_V2
from mlflow_serverless.build.registry import Basic, Bearer, Registry
from mlflow_serverless.build.registry.errors import (
    PlainHttpError,
    RegistryUnreachableError,
    RepositoryMissingError,
    TagTakenError,
)
from mlflow_serverless.build.registry.transport import Ask, Transport
from tests.fakes.registry import FakeRegistry
from tests.unit.build.test_registry import blob, manifest_for


@pytest.fixture
def fake():
    with FakeRegistry() as registry:
        yield registry


def client_of(fake, **more):
    """A client that does not sleep, and the pauses it asked for."""
    pauses = []
    return Registry(fake.host, wait=pauses.append, **more), pauses


@pytest.mark.parametrize("method", ["HEAD", "POST", "PATCH", "PUT"])
@pytest.mark.parametrize("status", ["429", "500", "503"])
def test_a_passing_failure_is_tried_again(fake, tmp_path, method, status):
    """Whichever request it hits, the upload arrives."""
    client, pauses = client_of(fake)
    path, digest = blob(tmp_path)
    fake.misbehave(method, status, status)
    client.has_blob("ml/a", digest)
    client.upload("ml/a", path, digest)

    assert path.read_bytes() == fake.blobs["ml/a"][digest]
    assert 2 == len(pauses)


def test_an_upload_goes_on_where_it_broke(fake, tmp_path):
    """What has arrived is not sent again: half of one piece, here."""
    client, _ = client_of(fake, chunk_bytes=100_000)
    path, digest = blob(tmp_path)
    fake.misbehave("PATCH", "", "drop")
    client.upload("ml/a", path, digest)

    assert path.read_bytes() == fake.blobs["ml/a"][digest]
    assert 250_000 == fake.sent_bytes


def test_an_upload_that_was_forgotten_begins_anew(fake, tmp_path):
    """A registry that restarted knows no half-finished uploads."""
    client, _ = client_of(fake, chunk_bytes=100_000)
    path, digest = blob(tmp_path)
    fake.misbehave("PATCH", "", "404")
    fake.misbehave("GET", "404")
    client.upload("ml/a", path, digest)

    assert path.read_bytes() == fake.blobs["ml/a"][digest]


def test_a_lost_receipt_is_no_failure(fake, tmp_path):
    """The blob is there, so it does not matter that nobody said so."""
    client, _ = client_of(fake)
    path, digest = blob(tmp_path)
    fake.misbehave("PUT", "drop")
    client.upload("ml/a", path, digest)

    assert path.read_bytes() == fake.blobs["ml/a"][digest]


def test_a_broken_download_is_tried_again(fake, tmp_path):
    """Half a layer is never taken for a whole one."""
    client, _ = client_of(fake)
    digest = fake.keep_blob("ml/a", b"x" * 100_000)
    fake.misbehave("GET", "drop")
    client.download("ml/a", digest, tmp_path / "blob")

    assert b"x" * 100_000 == (tmp_path / "blob").read_bytes()


def test_patience_ends(fake, tmp_path):
    """After five attempts the error says so, and pauses have grown."""
    client, pauses = client_of(fake)
    fake.misbehave("POST", *["503"] * 5)
    path, digest = blob(tmp_path)

    with pytest.raises(RegistryUnreachableError, match="5 attempts: 503"):
        client.upload("ml/a", path, digest)
    assert 4 == len(pauses)


def test_an_immutable_tag_is_not_moved(tmp_path):
    """Another image under it is refused with both digests; the same one is fine."""
    with FakeRegistry(immutable=True) as fake:
        client, _ = client_of(fake)
        first = manifest_for(client, "ml/m", tmp_path)
        second = manifest_for(client, "ml/m", tmp_path)
        client.put_manifest("ml/m", "v1", first, MANIFEST_V2)
        client.put_manifest("ml/m", "v1", first, MANIFEST_V2)
        have = client.manifest("ml/m", "v1").digest

        with pytest.raises(TagTakenError, match=have):
            client.put_manifest("ml/m", "v1", second, MANIFEST_V2)
        assert first == client.manifest("ml/m", "v1").content


def test_a_repository_that_is_not_there_is_named(tmp_path):
    """ECR makes none by itself: the error says how to."""
    with FakeRegistry(repositories=("ml/a",)) as fake:
        client, _ = client_of(fake)

        with pytest.raises(RepositoryMissingError, match="ml/b") as caught:
            client.upload("ml/b", *blob(tmp_path))
    assert "create-repository" in caught.value.hint


def test_a_token_that_aged_is_renewed(tmp_path):
    """In the middle of an upload the login is asked for again, and it goes on."""
    with FakeRegistry(login="token") as fake:
        tokens = []

        def login() -> Bearer:
            tokens.append(fake.token)
            return Bearer(fake.token)

        client, _ = client_of(fake, login=login)
        client.upload("ml/a", *blob(tmp_path))
        fake.token = "another"
        path, digest = blob(tmp_path)
        client.upload("ml/a", path, digest)

        assert path.read_bytes() == fake.blobs["ml/a"][digest]
        assert 2 == len(tokens)


def test_a_password_never_leaves_in_the_clear():
    """Plain HTTP is for loopback; a registry that leads elsewhere is not followed."""
    wire = Transport("127.0.0.1:9", lambda: Basic("u", "p"))

    with pytest.raises(PlainHttpError, match="http://elsewhere"):
        wire.send(Ask(method="GET", url="http://elsewhere.test/v2/", scope=""))


def test_secrets_are_not_shown():
    """A login's text has no password and no token in it."""
    assert "secret" not in repr(Basic("u", "secret")) + repr(Bearer("secret"))
