"""A registry, as far as images need one: Distribution's HTTP API, version 2."""

import hashlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import requests

from mlflow_serverless.build.registry.errors import (
    BlobDamagedError,
    ImageMissingError,
    RegistryDeniedError,
    RegistryRefusedError,
    RegistryUnreachableError,
    RepositoryMissingError,
    TagTakenError,
)
from mlflow_serverless.build.registry.login import Login, anonymous
from mlflow_serverless.build.registry.transport import (
    ATTEMPTS,
    Transport,
    Wait,
    problem,
)

MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
CHUNK_BYTES = 96 << 20
"""What one request of an upload sends at most: the most that is sent twice."""
_PIECE_BYTES = 1 << 20

Progress = Callable[[int], None]
"""Told the bytes that have gone over the wire so far."""


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
        self._wait, self._chunk = wait, chunk_bytes

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether *repository* has the blob already."""
        answer = self._wire.send(
            "HEAD", f"/v2/{repository}/blobs/{digest}", scope=_push(repository)
        )
        if answer.status_code == requests.codes.not_found:
            return False
        self._check(answer, repository, f"HEAD {digest}")
        return True

    def mount(self, repository: str, digest: str, source: str) -> bool:
        """Take a blob over from repository *source*; False if that is not to be had."""
        query = urlencode({"mount": digest, "from": source})
        answer = self._wire.send(
            "POST", f"/v2/{repository}/blobs/uploads/?{query}",
            scope=f"{_push(repository)} {_pull(source)}",
        )  # fmt: skip
        if answer.status_code == requests.codes.created:
            return True
        if answer.status_code == requests.codes.accepted:  # an upload was begun instead
            self._wire.send(
                "DELETE", answer.headers["Location"], scope=_push(repository)
            )
        return False

    def upload(
        self, repository: str, file: Path, digest: str, progress: Progress = _unheard
    ) -> None:
        """
        Send *file*, which has *digest*; a broken connection goes on where it broke.

        Raises:
            RegistryUnreachableError: It broke too often.
            RepositoryMissingError, RegistryDeniedError, RegistryRefusedError: As said.
        """
        size, failures = file.stat().st_size, 0
        place, offset = self._begin(repository), 0
        while offset < size:
            try:
                place = self._piece(repository, place, file, offset, progress)
                offset = min(offset + self._chunk, size)
            except (RegistryUnreachableError, _LostError) as cause:
                failures += 1
                if failures == ATTEMPTS:
                    raise RegistryUnreachableError(
                        self.host, str(cause), attempts=failures
                    ) from cause
                self._wait(0.25 * 2**failures)
                place, offset = self._resumed(repository, place)
        self._commit(repository, place, digest)
        progress(size)

    def _begin(self, repository: str) -> str:
        answer = self._wire.send(
            "POST", f"/v2/{repository}/blobs/uploads/", scope=_push(repository)
        )
        self._check(answer, repository, "an upload")
        return urljoin(answer.url, answer.headers["Location"])

    def _piece(
        self, repository: str, place: str, file: Path, offset: int, progress: Progress
    ) -> str:
        size = file.stat().st_size
        end = min(offset + self._chunk, size)
        headers = {"Content-Type": "application/octet-stream"}
        if end - offset < size:
            headers["Content-Range"] = f"{offset}-{end - 1}"
        with file.open("rb") as source:
            piece = _Piece(source, offset, end, progress)
            answer = self._wire.send(
                "PATCH", place, scope=_push(repository), headers=headers, body=piece,
                attempts=1,
            )  # fmt: skip
        if answer.status_code in {404, 416}:
            raise _LostError(f"{answer.status_code}: the upload was lost")
        self._check(answer, repository, "a piece of a layer")
        return urljoin(answer.url, answer.headers["Location"])

    def _resumed(self, repository: str, place: str) -> tuple[str, int]:
        """Where to go on after a failure; from the start if the registry forgot."""
        answer = self._wire.send("GET", place, scope=_push(repository))
        if answer.status_code != requests.codes.no_content:
            return self._begin(repository), 0
        _, _, last = answer.headers.get("Range", "").rpartition("-")
        have = int(last) if last.isdecimal() else 0
        where = urljoin(answer.url, answer.headers.get("Location", place))
        # `0-0` stands for nothing and for one byte alike: then begin anew.
        return (where, have + 1) if have else (self._begin(repository), 0)

    def _commit(self, repository: str, place: str, digest: str) -> None:
        parts = urlsplit(place)
        query = urlencode([*parse_qsl(parts.query), ("digest", digest)])
        answer = self._wire.send(
            "PUT", urlunsplit(parts._replace(query=query)), scope=_push(repository)
        )
        if answer.status_code == requests.codes.not_found and self.has_blob(
            repository, digest
        ):
            return  # an earlier attempt was heard, and its answer lost
        self._check(answer, repository, f"the blob {digest}")

    def download(
        self,
        repository: str,
        digest: str,
        target: Path,
        progress: Progress = _unheard,
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
            except (
                requests.ConnectionError,
                requests.exceptions.ChunkedEncodingError,
            ) as cause:
                why = str(cause)
                self._wait(0.25 * 2**attempt)
                continue
            if found != digest:
                target.unlink()
                raise BlobDamagedError(f"a blob of {repository}", digest, found)
            return
        raise RegistryUnreachableError(self.host, why, attempts=ATTEMPTS)

    def _read(
        self, repository: str, digest: str, target: Path, progress: Progress
    ) -> str:
        answer = self._wire.send(
            "GET", f"/v2/{repository}/blobs/{digest}", scope=_pull(repository),
            stream=True,
        )  # fmt: skip
        whole, size = hashlib.sha256(), 0
        with answer, target.open("wb") as out:
            self._check(answer, repository, f"the blob {digest}")
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
        """
        answer = self._wire.send(
            "GET", f"/v2/{repository}/manifests/{wanted}", scope=_pull(repository),
            headers={"Accept": ", ".join(MANIFESTS)},
        )  # fmt: skip
        self._check(answer, repository, wanted)
        digest = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
        said = wanted if wanted.startswith("sha256:") else digest
        if digest != said:
            raise BlobDamagedError(f"a manifest of {repository}", said, digest)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        return StoredManifest(answer.content, media_type, digest)

    def manifest_digest(self, repository: str, wanted: str) -> str | None:
        """The digest under a tag or digest; None if there is none."""
        answer = self._wire.send(
            "HEAD", f"/v2/{repository}/manifests/{wanted}", scope=_pull(repository),
            headers={"Accept": ", ".join(MANIFESTS)},
        )  # fmt: skip
        if answer.status_code == requests.codes.not_found:
            return None
        self._check(answer, repository, wanted)
        return answer.headers.get("Docker-Content-Digest") or (
            self.manifest(repository, wanted).digest
        )

    def put_manifest(
        self, repository: str, wanted: str, content: bytes, media_type: str
    ) -> None:
        """
        Keep *content* under a tag or its digest; twice the same is no conflict.

        Raises:
            TagTakenError: The tag stands for another image, and may not move.
        """
        answer = self._wire.send(
            "PUT", f"/v2/{repository}/manifests/{wanted}", scope=_push(repository),
            headers={"Content-Type": media_type}, body=content,
        )  # fmt: skip
        if answer.ok:
            return
        if _is_immutable(answer):
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            have = self.manifest_digest(repository, wanted) or ""
            if have == digest:
                return
            raise TagTakenError(f"{self.host}/{repository}:{wanted}", have, digest)
        self._check(answer, repository, f"the manifest {wanted}")

    def _check(self, answer: requests.Response, repository: str, what: str) -> None:
        if answer.ok:
            return
        code, why = problem(answer)
        status = answer.status_code
        if status in {401, 403}:
            raise RegistryDeniedError(self.host, what, why)
        if code == "NAME_UNKNOWN":
            raise RepositoryMissingError(self.host, repository)
        if status == requests.codes.not_found:
            raise ImageMissingError(f"{self.host}/{repository} {what}")
        raise RegistryRefusedError(self.host, what, status, why or code)


class _LostError(Exception):
    """An upload that the registry knows no more."""


class _Piece(io.RawIOBase):
    """Bytes *offset* to *end* of a file, counted as they are read."""

    def __init__(
        self, source: io.BufferedReader, offset: int, end: int, progress: Progress
    ) -> None:
        self._source, self._offset, self._end = source, offset, end
        self._progress = progress
        self.seek(0)

    def __len__(self) -> int:
        return self._end - self._offset

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._source.tell() - self._offset

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: self._offset, io.SEEK_CUR: self._source.tell()}
        self._source.seek(base.get(whence, self._end) + offset)
        return self.tell()

    def read(self, size: int = -1) -> bytes:
        left = self._end - self._source.tell()
        content = self._source.read(left if size < 0 else min(size, left))
        self._progress(self._source.tell())
        return content


def _is_immutable(answer: requests.Response) -> bool:
    """ECR says TAG_INVALID, others DENIED or 405 or 409, all with that word."""
    code, why = problem(answer)
    text = f"{code} {why}".lower()
    return "immutable" in text or answer.status_code == requests.codes.conflict


def _push(repository: str) -> str:
    return f"repository:{repository}:pull,push"


def _pull(repository: str) -> str:
    return f"repository:{repository}:pull"
