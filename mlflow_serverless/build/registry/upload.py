"""One blob to a registry, in pieces; a broken connection goes on where it broke."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import requests

from mlflow_serverless.build.registry.answers import check
from mlflow_serverless.build.registry.errors import RegistryUnreachableError
from mlflow_serverless.build.registry.transport import ATTEMPTS, Ask, Transport

CHUNK_BYTES = 96 << 20
"""What one request sends at most: the most that is sent twice."""

_PIECE_BYTES = 1 << 18

Progress = Callable[[int], None]
"""Told the bytes that have gone over the wire so far."""


class Upload:
    """
    Sends files to *repository*.

    Args:
        wire: To the registry.
        repository: Where to.
        scope: What a token has to allow.
        chunk_bytes: What one request sends at most.
    """

    def __init__(
        self, wire: Transport, repository: str, scope: str, chunk_bytes: int
    ) -> None:
        self._wire, self._repository = wire, repository
        self._scope, self._chunk = scope, chunk_bytes

    def send(self, file: Path, digest: str, progress: Progress) -> None:
        """
        Send *file*, which has *digest*.

        Raises:
            RegistryUnreachableError: It broke too often.
            ServerlessError: As `check` raises.
        """
        size, failures = file.stat().st_size, 0
        place, offset = self._begin(), 0
        while offset < size:
            try:
                place = self._piece(place, file, offset, progress)
                offset = min(offset + self._chunk, size)
            except (RegistryUnreachableError, _LostError) as cause:
                failures += 1
                if failures == ATTEMPTS:
                    raise RegistryUnreachableError(
                        self._wire.host, str(cause), attempts=failures
                    ) from cause
                self._wire.wait(0.25 * 2**failures)
                place, offset = self._resumed(place, size)
        self._commit(place, digest)
        progress(size)

    def _begin(self) -> str:
        answer = self._ask("POST", f"/v2/{self._repository}/blobs/uploads/")
        self._check(answer, "an upload")
        return urljoin(answer.url, answer.headers["Location"])

    def _piece(self, place: str, file: Path, offset: int, progress: Progress) -> str:
        end = min(offset + self._chunk, file.stat().st_size)
        headers = {"Content-Type": "application/octet-stream"}
        if self._chunk < file.stat().st_size:
            headers["Content-Range"] = f"{offset}-{end - 1}"
        ask = Ask(
            method="PATCH", url=place, scope=self._scope, headers=headers,
            body=_Piece(file, offset, end, progress),
        )  # fmt: skip
        answer = self._wire.send(ask, attempts=1)
        if answer.status_code in {404, 416}:
            raise _LostError(answer.status_code)
        self._check(answer, "a piece of a layer")
        return urljoin(answer.url, answer.headers["Location"])

    def _resumed(self, place: str, size: int) -> tuple[str, int]:
        """Where to go on after a failure; from the start if the registry forgot."""
        answer = self._ask("GET", place)
        _, _, last = answer.headers.get("Range", "").rpartition("-")
        have = int(last) + 1 if last.isdecimal() else 0
        # `0-0` stands for nothing and for one byte alike: then begin anew.
        if answer.status_code != HTTPStatus.NO_CONTENT or not 1 < have <= size:
            return self._begin(), 0
        return urljoin(answer.url, answer.headers.get("Location", place)), have

    def _commit(self, place: str, digest: str) -> None:
        parts = urlsplit(place)
        query = urlencode([*parse_qsl(parts.query), ("digest", digest)])
        answer = self._ask("PUT", urlunsplit(parts._replace(query=query)))
        if answer.status_code == HTTPStatus.NOT_FOUND:
            found = self._ask("HEAD", f"/v2/{self._repository}/blobs/{digest}")
            if found.ok:  # an earlier attempt was heard, and its answer lost
                return
        self._check(answer, f"the blob {digest}")

    def _ask(self, method: str, url: str) -> requests.Response:
        return self._wire.send(Ask(method=method, url=url, scope=self._scope))

    def _check(self, answer: requests.Response, what: str) -> None:
        check(answer, self._wire.host, self._repository, what)


class _LostError(Exception):
    """An upload that the registry knows no more."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status}: it lost the upload")


class _Piece:
    """Bytes *offset* to *end* of a file, counted as they are sent."""

    def __init__(self, file: Path, offset: int, end: int, progress: Progress) -> None:
        self._file, self._offset, self._end = file, offset, end
        self._progress = progress

    def __len__(self) -> int:
        return self._end - self._offset

    def __iter__(self) -> Iterator[bytes]:
        with self._file.open("rb") as source:
            source.seek(self._offset)
            while (left := self._end - source.tell()) > 0:
                piece = source.read(min(_PIECE_BYTES, left))
                yield piece
                self._progress(source.tell())
