"""Where functions restored from a snapshot ask for their credentials, on loopback."""

from __future__ import annotations

import http.server
import json
import threading
from typing import Self

TOKEN = "password"
"""What must be told to be answered."""


class CredentialsEndpoint:
    """An endpoint whose answer can be changed, as a context manager."""

    def __init__(self) -> None:
        self.hand_out("A", "B", "C")
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = endpoint.body.encode()
                allowed = self.headers.get("Authorization") == TOKEN
                self.send_response(200 if allowed else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Tests have other things to say."""

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self.uri = f"http://127.0.0.1:{self._server.server_address[1]}/creds?x=1"

    def hand_out(self, key: str, secret: str, token: str) -> None:
        """What is answered from now on."""
        names = ("AccessKeyId", "SecretAccessKey", "Token")
        self.body = json.dumps(dict(zip(names, (key, secret, token), strict=True)))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
