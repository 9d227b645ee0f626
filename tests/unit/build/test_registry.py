"""The client's laws, held on the fake registry and on a real one alike."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import ExitStack

import pytest

from mlflow_serverless.build.image import CONFIG_V1, LAYER_GZIP, MANIFEST_V2
from mlflow_serverless.build.registry import Basic, Registry
from mlflow_serverless.build.registry.errors import (
    BlobDamagedError,
    ImageMissingError,
    RegistryDeniedError,
    RegistryRefusedError,
)
from tests.fakes.registry import PASSWORD, USER, FakeRegistry
from tests.fakes.registry_process import program, registry


def htpasswd() -> str:
    import bcrypt

    return f"{USER}:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}"


@pytest.fixture(scope="module", params=["fake", "real"])
def host(request, tmp_path_factory):
    """An open registry."""
    with ExitStack() as stack:
        if request.param == "fake":
            yield stack.enter_context(FakeRegistry()).host
            return
        if program() is None:
            pytest.skip("no docker-registry (apt-get install docker-registry)")
        yield stack.enter_context(registry(tmp_path_factory.mktemp("registry")))


@pytest.fixture(scope="module", params=["fake-basic", "fake-token", "real"])
def guarded(request, tmp_path_factory):
    """A registry that wants to know who asks."""
    with ExitStack() as stack:
        if request.param != "real":
            login = request.param.removeprefix("fake-")
            yield stack.enter_context(FakeRegistry(login=login)).host
            return
        if program() is None:
            pytest.skip("no docker-registry (apt-get install docker-registry)")
        pytest.importorskip("bcrypt", reason="bcrypt writes the real one's passwords")
        folder = tmp_path_factory.mktemp("guarded")
        yield stack.enter_context(registry(folder, htpasswd=htpasswd()))


def blob(tmp_path, size: int = 300_000):
    content = os.urandom(size)
    path = tmp_path / hashlib.sha256(content).hexdigest()
    path.write_bytes(content)
    return path, f"sha256:{path.name}"


def manifest_for(client: Registry, repository: str, tmp_path) -> bytes:
    """A manifest whose blobs are there."""
    described = []
    for kind, size in ((CONFIG_V1, 20), (LAYER_GZIP, 40)):
        path, digest = blob(tmp_path, size)
        client.upload(repository, path, digest)
        described.append({"mediaType": kind, "digest": digest, "size": size})
    document = {
        "schemaVersion": 2, "mediaType": MANIFEST_V2, "config": described[0],
        "layers": described[1:],
    }  # fmt: skip
    return json.dumps(document).encode()


@pytest.mark.parametrize("chunk", [1 << 20, 100_000, 99_999])
def test_what_was_uploaded_comes_back(host, tmp_path, chunk):
    """Whole or in pieces of any size, a blob is the same afterwards."""
    client = Registry(host, chunk_bytes=chunk)
    path, digest = blob(tmp_path)
    seen = []

    assert client.has_blob("ml/a", digest) is False
    client.upload("ml/a", path, digest, seen.append)
    assert client.has_blob("ml/a", digest) is True

    client.download("ml/a", digest, tmp_path / "back")
    assert path.read_bytes() == (tmp_path / "back").read_bytes()
    assert sorted(seen) == seen
    assert path.stat().st_size == seen[-1]


def test_a_blob_with_another_digest_is_refused(host, tmp_path):
    """The registry checks what came, and says so."""
    path, _ = blob(tmp_path)

    with pytest.raises(RegistryRefusedError):
        Registry(host).upload("ml/a", path, "sha256:" + "0" * 64)


def test_a_blob_is_mounted_from_a_neighbour(host, tmp_path):
    """What another repository has is taken over without being sent; else it is not."""
    client = Registry(host)
    path, digest = blob(tmp_path)
    client.upload("ml/source", path, digest)

    assert client.mount("ml/target", digest, "ml/source") is True
    assert client.has_blob("ml/target", digest) is True
    assert client.mount("ml/target", "sha256:" + "1" * 64, "ml/source") is False


def test_manifests_are_kept_byte_for_byte(host, tmp_path):
    """Under the tag and under the digest, with the media type they were put with."""
    client = Registry(host)
    content = manifest_for(client, "ml/m", tmp_path)
    client.put_manifest("ml/m", "v1", content, MANIFEST_V2)
    client.put_manifest("ml/m", "v1", content, MANIFEST_V2)
    found = client.manifest("ml/m", "v1")

    assert content == found.content
    assert MANIFEST_V2 == found.media_type
    assert found == client.manifest("ml/m", found.digest)
    assert found.digest == client.manifest_digest("ml/m", "v1")


def test_a_manifest_can_be_put_under_its_digest_alone(host, tmp_path):
    """A tag is no must."""
    client = Registry(host)
    content = manifest_for(client, "ml/untagged", tmp_path)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    client.put_manifest("ml/untagged", digest, content, MANIFEST_V2)

    assert digest == client.manifest("ml/untagged", digest).digest


def test_what_is_not_there_is_said_so(host, tmp_path):
    """Absence is None where it is normal, and an error where it is not."""
    client = Registry(host)
    client.upload("ml/a", *blob(tmp_path))

    assert client.manifest_digest("ml/a", "nothing") is None
    with pytest.raises(ImageMissingError, match="nothing"):
        client.manifest("ml/a", "nothing")
    with pytest.raises(ImageMissingError):
        client.download("ml/a", "sha256:" + "2" * 64, tmp_path / "none")


def test_the_right_login_is_let_in(guarded, tmp_path):
    """Basic and token logins both work, and are asked for only when they are needed."""
    asked = []

    def login() -> Basic:
        asked.append(1)
        return Basic(USER, PASSWORD)

    client = Registry(guarded, login)
    path, digest = blob(tmp_path)
    client.upload("ml/a", path, digest)

    assert client.has_blob("ml/a", digest) is True
    assert 1 == len(asked)
    assert client.manifest_digest("ml/a", "none") is None
    assert 2 >= len(asked)  # a token may be for one scope alone


@pytest.mark.parametrize("login", [lambda: None, lambda: Basic(USER, "wrong")])
def test_the_wrong_login_is_denied(guarded, login):
    """With whom was asked in the error, and what ECR would need; never the password."""
    with pytest.raises(RegistryDeniedError) as caught:
        Registry(guarded, login).has_blob("ml/a", "sha256:" + "3" * 64)

    assert guarded in str(caught.value)
    assert "wrong login" not in str(caught.value)
    assert "GetAuthorizationToken" in caught.value.hint


def test_a_damaged_download_is_refused(tmp_path):
    """A blob that is not its digest is never kept."""
    with FakeRegistry() as fake:
        digest = fake.keep_blob("ml/a", b"right")
        fake.blobs["ml/a"][digest] = b"wrong"

        with pytest.raises(BlobDamagedError, match=digest):
            Registry(fake.host).download("ml/a", digest, tmp_path / "blob")
    assert not (tmp_path / "blob").exists()
