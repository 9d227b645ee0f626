"""A registry in this process: Distribution's API, version 2, with ways to fail.

It checks digests, knows which blobs and manifests are whose, keeps half-finished
uploads, asks for Basic or token logins, and can refuse to move tags, as ECR does.
`tests/unit/build/test_registry.py` holds it to what a real registry does.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
import uuid
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

NAME = r"(?P<name>[a-z0-9./_-]+)"
_ROUTES = [
    (re.compile(rf"/v2/{NAME}/blobs/uploads/(?P<upload>[0-9a-f-]*)"), "upload"),
    (re.compile(rf"/v2/{NAME}/blobs/(?P<digest>sha256:[0-9a-f]+)"), "blob"),
    (re.compile(rf"/v2/{NAME}/manifests/(?P<wanted>[\w.:-]+)"), "manifest"),
]
USER, PASSWORD = "AWS", "123456789012-auth-token"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class FakeRegistry:
    """
    A registry on a loopback port, as a context manager.

    Args:
        login: `none`, `basic` or `token`.
        repositories: Which there are; None makes them as they are pushed to.
        immutable: Whether tags may not move.

    `misbehave(method, how)` queues one act for the next such request: a status (`503`),
    or `drop`, which closes the connection in the middle of the body, keeping what came.
    """

    def __init__(
        self,
        *,
        login: str = "none",
        repositories: tuple[str, ...] | None = None,
        immutable: bool = False,
    ) -> None:
        self.login, self.repositories, self.immutable = login, repositories, immutable
        self.blobs: dict[str, dict[str, bytes]] = defaultdict(dict)
        self.manifests: dict[str, dict[str, tuple[bytes, str]]] = defaultdict(dict)
        self.uploads: dict[str, bytearray] = {}
        self.token = uuid.uuid4().hex
        self.asked: list[str] = []
        self.sent_bytes = 0
        """Of blobs, as they came over the wire."""
        self._acts: dict[str, list[str]] = defaultdict(list)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def misbehave(self, method: str, *acts: str) -> None:
        self._acts[method] += acts

    def act(self, method: str) -> str:
        return self._acts[method].pop(0) if self._acts[method] else ""

    def keep(self, name: str, wanted: str, content: bytes, media_type: str) -> str:
        """Put a manifest there without a request; its digest."""
        digest = digest_of(content)
        self.manifests[name][digest] = (content, media_type)
        self.manifests[name][wanted] = (content, media_type)
        return digest

    def keep_blob(self, name: str, content: bytes) -> str:
        """Put a blob there without a request; its digest."""
        digest = digest_of(content)
        self.blobs[name][digest] = content
        return digest

    def knows(self, name: str) -> bool:
        return self.repositories is None or name in self.repositories


def _handler(registry: FakeRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        state = registry

    return Handler


class _Handler(BaseHTTPRequestHandler):
    state: FakeRegistry
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_) -> None:
        pass

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.state.asked.append(f"{self.command} {parts.path}")
        act = self.state.act(self.command)
        if act.isdecimal():
            self._drain()
            self._say(int(act), {"Retry-After": "0"})
            return
        if parts.path == "/token":
            self._token()
            return
        if not self._known():
            self._drain()
            self._challenge()
            return
        for pattern, kind in _ROUTES:
            if found := pattern.fullmatch(parts.path):
                getattr(self, f"_{kind}_{self.command.lower()}")(found, act)
                return
        self._error(404, "NOT_FOUND", parts.path)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815

    def _known(self) -> bool:
        said = self.headers.get("Authorization", "")
        if self.state.login == "basic":
            pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            return said == f"Basic {pair}"
        return self.state.login == "none" or said == f"Bearer {self.state.token}"

    def _challenge(self) -> None:
        challenge = 'Basic realm="fake"'
        if self.state.login == "token":
            challenge = f'Bearer realm="http://{self.state.host}/token",service="fake"'
        body = {"errors": [{"code": "UNAUTHORIZED", "message": "who are you"}]}
        self._say(401, {"WWW-Authenticate": challenge}, json.dumps(body).encode())

    def _token(self) -> None:
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {pair}":
            self._say(401)
            return
        self._say(200, {}, json.dumps({"token": self.state.token}).encode())

    def _blob_head(self, found, _act) -> None:
        content = self.state.blobs[found["name"]].get(found["digest"])
        if content is None:
            self._error(404, "BLOB_UNKNOWN", found["digest"])
        else:
            self._say(200, {}, content)

    def _blob_get(self, found, act) -> None:
        content = self.state.blobs[found["name"]].get(found["digest"], b"")
        if act == "drop":
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        self._blob_head(found, act)

    def _upload_post(self, found, _act) -> None:
        name = found["name"]
        if not self.state.knows(name):
            self._error(404, "NAME_UNKNOWN", name)
            return
        wanted, source = self.query.get("mount", ""), self.query.get("from", "")
        if wanted in self.state.blobs[source]:
            self.state.blobs[name][wanted] = self.state.blobs[source][wanted]
            self._say(201, {"Location": f"/v2/{name}/blobs/{wanted}"})
            return
        upload = str(uuid.uuid4())
        self.state.uploads[upload] = bytearray()
        self._progressed(202, name, upload)

    def _upload_patch(self, found, act) -> None:
        upload = self.state.uploads.get(found["upload"])
        if upload is None:
            self._drain()
            self._error(404, "BLOB_UPLOAD_UNKNOWN", found["upload"])
            return
        length = int(self.headers["Content-Length"])
        if act == "drop":
            upload += self.rfile.read(length // 2)
            self.close_connection = True
            return
        start = self.headers.get("Content-Range", "0-").partition("-")[0]
        if int(start) != len(upload):
            self._drain()
            self._error(416, "RANGE_INVALID", start)
            return
        upload += self.rfile.read(length)
        self.state.sent_bytes += length
        self._progressed(202, found["name"], found["upload"])

    def _upload_get(self, found, _act) -> None:
        if found["upload"] in self.state.uploads:
            self._progressed(204, found["name"], found["upload"])
        else:
            self._error(404, "BLOB_UPLOAD_UNKNOWN", found["upload"])

    def _upload_put(self, found, act) -> None:
        if found["upload"] not in self.state.uploads:
            self._error(404, "BLOB_UPLOAD_UNKNOWN", found["upload"])
            return
        content = bytes(self.state.uploads.pop(found["upload"]))
        if digest_of(content) != self.query["digest"]:
            self._error(400, "DIGEST_INVALID", digest_of(content))
            return
        self.state.blobs[found["name"]][self.query["digest"]] = content
        if act == "drop":
            self.close_connection = True
            return
        self._say(201, {"Location": f"/v2/{found['name']}/blobs/{digest_of(content)}"})

    def _upload_delete(self, found, _act) -> None:
        self.state.uploads.pop(found["upload"], None)
        self._say(204)

    def _progressed(self, status: int, name: str, upload: str) -> None:
        last = max(len(self.state.uploads[upload]) - 1, 0)
        place = f"/v2/{name}/blobs/uploads/{upload}?_state=x"
        self._say(status, {"Location": place, "Range": f"0-{last}"})

    def _manifest_head(self, found, act) -> None:
        self._manifest_get(found, act)

    def _manifest_get(self, found, _act) -> None:
        content, kind = self.state.manifests[found["name"]].get(
            found["wanted"], (b"", "")
        )
        if not kind:
            self._error(404, "MANIFEST_UNKNOWN", found["wanted"])
            return
        headers = {"Content-Type": kind, "Docker-Content-Digest": digest_of(content)}
        self._say(200, headers, content)

    def _manifest_put(self, found, _act) -> None:
        name, wanted = found["name"], found["wanted"]
        content = self.rfile.read(int(self.headers["Content-Length"]))
        said = json.loads(content)
        missing = [
            item["digest"] for item in (said["config"], *said["layers"])
            if item["digest"] not in self.state.blobs[name]
        ]  # fmt: skip
        if missing:
            self._error(400, "MANIFEST_BLOB_UNKNOWN", missing[0])
            return
        held = self.state.manifests[name]
        if self.state.immutable and wanted in held and ":" not in wanted:
            text = (
                f"The image tag '{wanted}' already exists in the '{name}' repository "
                "and cannot be overwritten because the tag is immutable."
            )
            self._error(400, "TAG_INVALID", text)
            return
        digest = self.state.keep(name, wanted, content, self.headers["Content-Type"])
        self._say(201, {"Docker-Content-Digest": digest})

    def _drain(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _error(self, status: int, code: str, message: str) -> None:
        body = {"errors": [{"code": code, "message": message}]}
        self._say(
            status, {"Content-Type": "application/json"}, json.dumps(body).encode()
        )

    def _say(
        self, status: int, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
