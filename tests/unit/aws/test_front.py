"""By the front door: signed as AWS checks it, and what the door says."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from mlflow_serverless.apply import apply
from mlflow_serverless.aws.front import post
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import FunctionUrl, MakeResource, plan
from tests.fakes.tell import silent


class Door(BaseHTTPRequestHandler):
    """Answers as it is told, and keeps what it was asked."""

    status, asked = 200, []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, dict(self.headers), body))
        self.send_response(self.status)
        answer = b'{"predictions": [1]}'
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture
def door():
    """A door on loopback, and its URL."""
    handler = type("OneDoor", (Door,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_request_is_signed_as_aws_will_check_it(access, aws, door):
    """The signature that botocore computes anew of what came over the wire."""
    handler, url = door

    reply = post(access, f"{url}/", b'{"inputs": [[1]]}', service="lambda")

    ((path, headers, body),) = handler.asked
    assert (200, b'{"predictions": [1]}') == (reply.status, reply.payload)
    assert ("/invocations", b'{"inputs": [[1]]}') == (path, body)
    environ = aws.environ()
    keys = Credentials(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"])
    request = AWSRequest(
        "POST", f"{url}{path}", data=body,
        headers={"Content-Type": headers["Content-Type"]},
    )  # fmt: skip
    request.context["timestamp"] = headers["X-Amz-Date"]
    signer = SigV4Auth(keys, "lambda", "us-east-1")
    request.headers["X-Amz-Date"] = headers["X-Amz-Date"]
    canonical = signer.canonical_request(request)
    expected = signer.signature(signer.string_to_sign(request, canonical), request)
    assert headers["Authorization"].endswith(f"Signature={expected}")
    assert "/us-east-1/lambda/aws4_request" in headers["Authorization"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "access-denied"), (401, "access-denied"), (429, "throttled")],
)
def test_what_the_door_refuses_is_an_error(access, door, status, code):
    """Ours, with what to allow."""
    handler, url = door
    handler.status = status

    with pytest.raises(ServerlessError, match=rf"\[{code}\]$"):
        post(access, url, b"{}", service="lambda")


def test_what_the_function_refuses_is_its_answer(access, door):
    """A bad request was answered by who understood it."""
    handler, url = door
    handler.status = 400

    assert 400 == post(access, url, b"{}", service="lambda").status


def test_nobody_behind_the_door_is_an_error(access):
    """Not a hang, and not a traceback."""
    with pytest.raises(ServerlessError, match="aws-unreachable"):
        post(access, "http://127.0.0.1:9", b"{}", service="lambda")


def test_a_function_without_a_door_says_so(cloud, want, name):
    """And what to deploy it with."""
    apply(plan(want(), cloud.snapshot(name)), cloud, silent)

    with pytest.raises(ServerlessError, match="no-front-door"):
        cloud.post(name, b"{}")

    cloud.perform(MakeResource(name, FunctionUrl(qualifier="live")))
    url = dict(cloud.snapshot(name).outputs)["url"]
    assert url.startswith("https://")
