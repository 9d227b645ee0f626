"""GitHub's API on loopback: dispatches, comments and App tokens, and all that fails.

What it answers follows GitHub's REST documentation: 204 for a dispatch, 201 and 200 for
comments, 401 for a bad token, 404 for what a token may not see, 422 for a bad body, 403
or 429 with the limit's headers.
"""

import json
import re
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMENTS = re.compile(r"/repos/([^/]+/[^/]+)/issues/(\d+)/comments")
COMMENT = re.compile(r"/repos/([^/]+/[^/]+)/issues/comments/(\d+)")
DISPATCHES = re.compile(r"/repos/([^/]+/[^/]+)/dispatches")
APPROVALS = re.compile(r"/repos/([^/]+/[^/]+)/actions/runs/(\d+)/approvals")
TOKENS = re.compile(r"/app/installations/(\d+)/access_tokens")


@dataclass
class FakeGitHub:
    """One server; `next` are answers to give before any of its own."""

    repository: str = "acme/models"
    tokens: set = field(default_factory=lambda: {"good"})
    app_key: object = None
    """Public key that App tokens are checked with."""
    lives_s: float = 3600
    """Of the installation tokens it gives [s]."""
    next: deque = field(default_factory=deque)
    """(status, headers, body), or seconds to stay silent."""
    dispatches: list = field(default_factory=list)
    comments: dict = field(default_factory=dict)
    """Number to (issue, body)."""
    strangers: set = field(default_factory=set)
    """Numbers of comments that somebody without a say has written."""
    approvals: list = field(default_factory=list)
    """(run, environment, state, login) of each review."""
    calls: list = field(default_factory=list)
    """(method, path)."""
    url: str = ""

    def answer(self, method, path, headers, body):
        path, _, query = path.partition("?")
        if found := TOKENS.fullmatch(path):
            return self._token(headers)
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return 401, {}, {"message": "Bad credentials"}
        if found := DISPATCHES.fullmatch(path):
            return self._seen(found[1]) or self._dispatch(body)
        if found := COMMENTS.fullmatch(path):
            return self._seen(found[1]) or self._comments(
                method, int(found[2]), query, body
            )
        if found := COMMENT.fullmatch(path):
            return self._seen(found[1]) or self._edit(int(found[2]), body)
        found = APPROVALS.fullmatch(path)
        missing = self._seen(found[1] if found else "")
        return missing or (200, {}, self._reviews(found[2]))

    def _seen(self, repository):
        if repository != self.repository:
            return 404, {}, {"message": "Not Found"}
        return None

    def _dispatch(self, body):
        payload = body.get("client_payload", {})
        if "event_type" not in body or len(payload) > 10:
            return 422, {}, {"message": "Invalid request."}
        self.dispatches.append(body)
        return 204, {}, None

    def _comments(self, method, issue, query, body):
        if method == "POST":
            number = len(self.comments) + 1
            self.comments[number] = (issue, body["body"])
            return 201, {}, self._comment(number)
        asked = dict(pair.split("=") for pair in query.split("&"))
        size, page = int(asked["per_page"]), int(asked["page"])
        there = [n for n, (at, _) in self.comments.items() if at == issue]
        shown = there[(page - 1) * size : page * size]
        return 200, {}, [self._comment(number) for number in shown]

    def _edit(self, number, body):
        if number not in self.comments:
            return 404, {}, {"message": "Not Found"}
        self.comments[number] = (self.comments[number][0], body["body"])
        return 200, {}, self._comment(number)

    def _comment(self, number):
        issue, body = self.comments[number]
        url = f"https://github.com/{self.repository}/pull/{issue}#c{number}"
        stranger = number in self.strangers
        return {
            "id": number, "body": body, "html_url": url,
            "user": {
                "login": "mallory" if stranger else "github-actions[bot]",
                "type": "User" if stranger else "Bot",
            },
            "author_association": "NONE",
        }  # fmt: skip

    def _reviews(self, run):
        """As "Get the review history for a workflow run" documents them."""
        return [
            {
                "state": state, "comment": "", "user": {"login": login},
                "environments": [{"id": 1, "name": environment}],
            }
            for at, environment, state, login in self.approvals
            if at == run
        ]  # fmt: skip

    def _token(self, headers):
        from datetime import UTC, datetime, timedelta

        if not self._signed(headers.get("authorization", "")):
            return 401, {}, {"message": "A JSON web token could not be decoded"}
        token = f"ghs_{len(self.calls)}"
        self.tokens.add(token)
        until = datetime.now(UTC) + timedelta(seconds=self.lives_s)
        said = {"token": token, "expires_at": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
        return 201, {}, said

    def _signed(self, authorization):
        """Check the App's token as RFC 7515 says, without the code that made it."""
        import base64

        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        def read(part):
            return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

        text, _, signature = authorization.removeprefix("Bearer ").rpartition(".")
        try:
            self.app_key.verify(
                read(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except (InvalidSignature, ValueError, AttributeError):
            return False
        header, claims = (json.loads(read(part)) for part in text.split("."))
        now = time.time()
        in_time = claims["iat"] <= now < claims["exp"] <= now + 600
        return header["alg"] == "RS256" and in_time and claims["iss"] == "app-1"


class Door(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        fake = self.server.fake
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        fake.calls.append((self.command, self.path.partition("?")[0]))
        planned = fake.next.popleft() if fake.next else None
        if isinstance(planned, float):
            time.sleep(planned)
            self.close_connection = True
            return
        headers = {key.lower(): value for key, value in self.headers.items()}
        body = json.loads(raw) if raw else {}
        found = planned or fake.answer(self.command, self.path, headers, body)
        self._say(*found)

    def do_POST(self):
        self.do_GET()

    def do_PATCH(self):
        self.do_GET()

    def _say(self, status, headers, said):
        data = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        for key, value in {**headers, "content-length": str(len(data))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextmanager
def github(**how):
    """A fake GitHub that listens."""
    fake = FakeGitHub(**how)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.fake, server.daemon_threads = fake, True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
