"""A registry, as far as images need one: Distribution's HTTP API, version 2."""

import hashlib
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

import requests

from mlflow_serverless.build.registry.answers import check, is_immutable
from mlflow_serverless.build.registry.errors import (
    BlobDamagedError,
    RegistryUnreachableError,
    TagTakenError,
)
from mlflow_serverless.build.registry.login import Login, anonymous
from mlflow_serverless.build.registry.transport import ATTEMPTS, Ask, Transport, Wait
from mlflow_serverless.build.registry.upload import CHUNK_BYTES, Progress, Upload

MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
_PIECE_BYTES = 1 << 20


def _unheard(_: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as a registry has it, byte for byte."""

    content: bytes
    media_type: str
    digest: str


class Registry:
    """
    One registry.

    Its methods raise RegistryUnreachableError, RegistryDeniedError,
    RepositoryMissingError and RegistryRefusedError as their names say.

    Args:
        host: `name[:port]`; plain HTTP on loopback, verified HTTPS otherwise.
        login: Who asks.
        wait: Sleeps between attempts [s].
        chunk_bytes: What one request of an upload sends at most.
    """

    def __init__(
        self,
        host: str,
        login: Login = anonymous,
        *,
        wait: Wait = time.sleep,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        self.host = host
        self._wire = Transport(host, login, wait=wait)
        self._chunk = chunk_bytes

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether *repository* has the blob already."""
        answer = self._ask(
            "HEAD", f"/v2/{repository}/blobs/{digest}", _push(repository)
        )
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return False
        check(answer, self.host, repository, f"a look at {digest}")
        return True

    def mount(self, repository: str, digest: str, source: str) -> bool:
        """Take a blob over from repository *source*; False if that is not to be had."""
        query = urlencode({"mount": digest, "from": source})
        scope = f"{_push(repository)} {_pull(source)}"
        url = f"/v2/{repository}/blobs/uploads/?{query}"
        answer = self._ask("POST", url, scope)
        if answer.status_code == HTTPStatus.ACCEPTED:
            # An upload was begun in its place, which nobody will finish.
            self._ask("DELETE", answer.headers["Location"], _push(repository))
        return answer.status_code == HTTPStatus.CREATED

    def upload(
        self, repository: str, file: Path, digest: str, progress: Progress = _unheard
    ) -> None:
        """Send *file*, which has *digest*."""
        scope = _push(repository)
        Upload(self._wire, repository, scope, self._chunk).send(file, digest, progress)

    def download(
        self, repository: str, digest: str, target: Path, progress: Progress = _unheard
    ) -> None:
        """
        Fetch a blob into *target*; tries again while the connection breaks.

        Raises:
            ImageMissingError: The repository has no such blob.
            BlobDamagedError: What came has another digest.
        """
        why = ""
        for attempt in range(ATTEMPTS):
            try:
                found = self._read(repository, digest, target, progress)
            except requests.RequestException as cause:
                why = str(cause)
                self._wire.wait(0.25 * 2**attempt)
                continue
            if found != digest:
                target.unlink()
                raise BlobDamagedError(repository, digest, found)
            return
        raise RegistryUnreachableError(self.host, why, attempts=ATTEMPTS)

    def _read(
        self, repository: str, digest: str, target: Path, progress: Progress
    ) -> str:
        ask = Ask(
            method="GET", url=f"/v2/{repository}/blobs/{digest}",
            scope=_pull(repository), stream=True,
        )  # fmt: skip
        whole, size = hashlib.sha256(), 0
        with self._wire.send(ask) as answer, target.open("wb") as out:
            check(answer, self.host, repository, f"the blob {digest}")
            for piece in answer.iter_content(_PIECE_BYTES):
                whole.update(piece)
                out.write(piece)
                progress(size := size + len(piece))
        return f"sha256:{whole.hexdigest()}"

    def manifest(self, repository: str, wanted: str) -> StoredManifest:
        """
        The manifest under a tag or digest, checked against the digest.

        Raises:
            ImageMissingError: There is none.
            BlobDamagedError: What came has another digest.
        """
        answer = self._ask_manifest("GET", repository, wanted)
        check(answer, self.host, repository, wanted)
        digest = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
        said = wanted if wanted.startswith("sha256:") else digest
        if digest != said:
            raise BlobDamagedError(repository, said, digest)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        return StoredManifest(answer.content, media_type, digest)

    def manifest_digest(self, repository: str, wanted: str) -> str | None:
        """The digest under a tag or digest; None if there is none."""
        answer = self._ask_manifest("HEAD", repository, wanted)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        check(answer, self.host, repository, wanted)
        said = answer.headers.get("Docker-Content-Digest")
        return said or self.manifest(repository, wanted).digest

    def put_manifest(
        self, repository: str, wanted: str, content: bytes, media_type: str
    ) -> None:
        """
        Keep *content* under a tag or its digest; twice the same is no conflict.

        Raises:
            TagTakenError: The tag stands for another image, and may not move.
        """
        ask = Ask(
            method="PUT", url=f"/v2/{repository}/manifests/{wanted}",
            scope=_push(repository), headers={"Content-Type": media_type}, body=content,
        )  # fmt: skip
        answer = self._wire.send(ask)
        if not answer.ok and is_immutable(answer):
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            have = self.manifest_digest(repository, wanted) or ""
            if have == digest:
                return
            raise TagTakenError(repository, wanted, have, digest)
        check(answer, self.host, repository, f"the manifest {wanted}")

    def _ask_manifest(
        self, method: str, repository: str, wanted: str
    ) -> requests.Response:
        return self._wire.send(
            Ask(
                method=method, url=f"/v2/{repository}/manifests/{wanted}",
                scope=_pull(repository), headers={"Accept": ", ".join(MANIFESTS)},
            )
        )  # fmt: skip

    def _ask(self, method: str, url: str, scope: str) -> requests.Response:
        return self._wire.send(Ask(method=method, url=url, scope=scope))


def _push(repository: str) -> str:
    return f"repository:{repository}:pull,push"


def _pull(repository: str) -> str:
    return f"repository:{repository}:pull"
