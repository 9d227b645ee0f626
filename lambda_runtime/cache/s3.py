"""The S3 tier: content-addressed objects, `s3://bucket/prefix/<sha256>`."""

from __future__ import annotations

import os
import time

from lambda_runtime.cache import http, ranges, sigv4
from lambda_runtime.cache.credentials import credentials_of
from lambda_runtime.cache.endpoint import override_of, suffix_of
from lambda_runtime.cache.tier import Corrupt, Miss, NoRoom, Place
from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lambda_runtime.cache.tier import Fill, Limit, Sink
    from lambda_runtime.manifest import File

_PATIENCE = frozenset((408, 429, 500, 502, 503, 504))


class Endpoint(NamedTuple):
    """Where a bucket is asked, and what comes before the key in a request's path."""

    address: http.Address
    host: str
    """The `host` header."""
    prefix: str
    """`/`, or `/bucket/` in path style."""


class S3:
    """One bucket and prefix; asked only when no nearer tier has a file."""

    kind = "s3"

    def __init__(
        self,
        root: str,
        options: Mapping[str, Any],
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._root = root
        self._options = options
        self._environ: Mapping[str, str] = os.environ if environ is None else environ

    def find(self, file: File, sinks: Sequence[Sink], limit: Limit) -> Place:
        """
        Fetch the object into the first sink that has room.

        Raises:
            Corrupt: The object is not the file, seen twice.
            Miss: It could not be had; the message says what to check.
        """
        said = []
        fill = self._filler(file, limit)
        for sink in sinks:
            try:
                return Place(_twice(sink, file, fill, limit), sink.kept)
            except NoRoom as cause:
                said.append(f"{sink.kept}: {cause}")
        raise NoRoom("; ".join(said) or "there is nowhere to keep it")

    def _filler(self, file: File, limit: Limit) -> Fill:
        bucket, key = named(self._root, file)
        region = region_of(self._options, self._environ)
        endpoint = endpoint_of(bucket, region, self._environ)
        who = credentials_of(self._environ, limit)
        getter = _Getter(endpoint, f"{bucket}/{key}", region, who)

        def fill(target: int) -> str:
            return getter.transfer(file, limit).run(target, file)

        return fill


class _Getter:
    """Signed requests for one object."""

    def __init__(
        self, endpoint: Endpoint, name: str, region: str, who: sigv4.Credentials
    ) -> None:
        self._endpoint = endpoint
        self._name = name
        self._path = sigv4.encoded(endpoint.prefix + name.partition("/")[2])
        self._region = region
        self._who = who

    def transfer(self, file: File, limit: Limit) -> ranges.Transfer:
        """A transfer of the object, ready to run."""
        moving: list[ranges.Transfer] = []

        def connect() -> http.Connection:
            return http.Connection(self._endpoint.address, limit, ranges.STALL_S)

        def ask(connection: http.Connection, part: ranges.Part, etag: str) -> int:
            head = connection.ask(self._path, self._headers(part, etag))
            if head.status not in {200, 206}:
                raise self._refused(head, connection.text())
            _expect_range(head, part, file.bytes)
            moving[0].agree(head.headers.get("etag", ""))
            return int(head.headers.get("content-length", "-1"))

        moving.append(ranges.Transfer(connect, ask, limit))
        return moving[0]

    def _headers(self, part: ranges.Part, etag: str) -> dict[str, str]:
        plain = {
            "host": self._endpoint.host,
            "range": f"bytes={part.done}-{part.end - 1}",
        }
        if etag:
            plain["if-match"] = etag
        scope = sigv4.Scope(self._region, time.time())
        return sigv4.signed(self._path, plain, self._who, scope)

    def _refused(self, head: http.Head, body: bytes) -> Exception:
        code = _between(body, "Code")
        if head.status in _PATIENCE or code == "RequestTimeout":
            return ranges.Again(f"{head.status} {code}".strip(), _retry_after(head))
        if head.status in {412, 416}:
            return Corrupt(
                f"{head.status}: s3://{self._name} was replaced, or is shorter than "
                "the manifest says; deploy again"
            )
        return Miss(f"{head.status} {code}: {self._advice(head, code, body)}")

    def _advice(self, head: http.Head, code: str, body: bytes) -> str:
        """What to check, for an answer that will not change by itself."""
        bucket, _, key = self._name.partition("/")
        there = head.headers.get("x-amz-bucket-region") or _between(body, "Region")
        if head.status in {301, 307} or there not in {"", self._region}:
            return (
                f"bucket {bucket} is in {there or 'another region'}, and "
                f"{self._region} was asked: set options.cache.region, or move it"
            )
        if code == "RequestTimeTooSkewed":
            return "this machine's clock is wrong by more than 15 minutes"
        if code in {"ExpiredToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"}:
            return (
                "the credentials are not valid (any more): check the role and the "
                "AWS_* variables, which must come from the same place"
            )
        if head.status == 404:
            return (
                f"bucket {bucket} does not exist"
                if code == "NoSuchBucket"
                else f"bucket {bucket} has no object {key}: deploy again"
            )
        if head.status == 403:
            return (
                f"allow s3:GetObject on {bucket}/{key} to the function's role, and "
                "kms:Decrypt on its key if it is encrypted; without s3:ListBucket a "
                "missing object answers 403 too"
            )
        return _between(body, "Message") or "no reason given"


def named(root: str, file: File) -> tuple[str, str]:
    """Bucket and key of *file* under `s3://bucket/prefix`; Miss if it is no such."""
    scheme, _, rest = root.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise Miss(f"{root!r} is not s3://bucket/prefix")
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/{file.sha256}" if prefix else file.sha256


def region_of(options: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """The bucket's region: as configured, or else the function's own."""
    region = (
        options.get("region")
        or environ.get("AWS_REGION")
        or environ.get("AWS_DEFAULT_REGION")
    )
    if not region:
        raise Miss("no region: set AWS_REGION")
    return str(region)


def endpoint_of(bucket: str, region: str, environ: Mapping[str, str]) -> Endpoint:
    """Where *bucket* is asked: an override, or S3 in *region*."""
    if (override := override_of(environ, "S3")) is not None:
        prefix = f"{override.path}/{bucket}/"
        return Endpoint(override.address, override.host, prefix)
    host = f"{_service(environ)}.{region}.{suffix_of(region)}"
    if "." in bucket:  # the wildcard certificate covers one label only
        return Endpoint(http.Address(host, 443, tls=True), host, f"/{bucket}/")
    host = f"{bucket}.{host}"
    return Endpoint(http.Address(host, 443, tls=True), host, "/")


def _service(environ: Mapping[str, str]) -> str:
    fips = environ.get("AWS_USE_FIPS_ENDPOINT", "").lower() == "true"
    dual = environ.get("AWS_USE_DUALSTACK_ENDPOINT", "").lower() == "true"
    return f"s3{'-fips' if fips else ''}{'.dualstack' if dual else ''}"


def _twice(sink: Sink, file: File, fill: Fill, limit: Limit) -> str:
    """Receive, once more if the content was wrong: what broke on the way heals."""
    try:
        return sink.receive(file, fill, limit)
    except Corrupt:
        return sink.receive(file, fill, limit)


def _expect_range(head: http.Head, part: ranges.Part, size: int) -> None:
    """Raise unless the answer is the range asked for, of an object of *size*."""
    if head.status == 200:
        whole, first = head.headers.get("content-length", "?"), "0"
    else:
        span, _, whole = head.headers.get("content-range", "").partition("/")
        first = span.removeprefix("bytes ").partition("-")[0]
    if whole != str(size):
        raise Corrupt(f"an object of {whole} bytes instead of {size}")
    if first != str(part.done):
        raise ranges.Again(f"range from {first} instead of {part.done}")


def _between(body: bytes, name: str) -> str:
    """The text of the first XML element *name*; empty if there is none."""
    start = body.find(f"<{name}>".encode())
    end = body.find(f"</{name}>".encode(), start)
    if start < 0 or end < 0:
        return ""
    return body[start + len(name) + 2 : end].decode("utf-8", "replace")[:200]


def _retry_after(head: http.Head) -> float:
    after = head.headers.get("retry-after", "")
    return float(after) if after.isdigit() else 0.2 * (head.status == 503)
