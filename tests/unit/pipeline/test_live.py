"""Asking what is live, over HTTP."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mlflow_serverless.pipeline.errors import UnreachableUrlError
from mlflow_serverless.pipeline.live import by_url


class Echo(BaseHTTPRequestHandler):
    """Answers a body with its path; refuses an empty one."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200 if body else 400)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture(scope="module")
def url():
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/it"
        server.shutdown()
        thread.join()


def test_a_url_is_asked_at_its_invocations(url):
    """
    The path is added where it lacks; a refusal is an answer, with its status.
    """
    assert (200, b"/it/invocations") == by_url(url)(b"{}")
    assert (200, b"/it/invocations") == by_url(f"{url}/invocations")(b"{}")
    assert (400, b"/it/invocations") == by_url(url)(b"")


@pytest.mark.parametrize("wrong", ["ftp://127.0.0.1/x", "http://127.0.0.1:9/x"])
def test_what_cannot_be_asked_is_named(wrong):
    """
    Another scheme, or nobody there: the error names the URL.
    """
    with pytest.raises(UnreachableUrlError, match=r"127\.0\.0\.1"):
        by_url(wrong)(b"{}")
