"""The front door: traffic stays only where callers get the model's answer."""

import threading
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlflow_serverless.errors import Kind
from mlflow_serverless.pipeline import deploy, status
from mlflow_serverless.pipeline.errors import FrontDoorError, NotLetInError
from mlflow_serverless.pipeline.live import by_name, by_url
from mlflow_serverless.plan import FunctionUrl, HttpApi
from tests.fakes.memory_cloud import MemoryCloud
from tests.fakes.rooms import FakeRooms
from tests.fakes.worlds import RIGHT, WISH, make_world

SIGNED = {"X-Signed": "yes"}


class Door(BaseHTTPRequestHandler):
    """Answers what it is told to; the last of its answers again and again."""

    answers, asked, tokens = [(200, RIGHT)], [], []

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, self.headers["X-Signed"]))
        self.tokens.append(self.headers["Authorization"])
        first, *rest = self.answers
        type(self).answers = rest or [first]
        self.send_response(first[0])
        self.send_header("Content-Length", str(len(first[1])))
        self.end_headers()
        self.wfile.write(first[1])

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture
def door():
    """A door on loopback, and its URL."""
    handler = type("OneDoor", (Door,), {"asked": [], "tokens": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield handler, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@dataclass
class Doored(MemoryCloud):
    """A cloud on which every function has a URL."""

    door: object = None
    outputs: tuple = ()

    def snapshot(self, name, *, wanted=()):
        have = super().snapshot(name, wanted=wanted)
        return replace(have, resources=(self.door,), outputs=self.outputs)


class Signing:
    """Signs everything, and has patience for one more look."""

    def sign(self, url, payload):
        return SIGNED

    def pauses(self):
        return iter([0.01])


def world_of(folder, url, resource=None):
    resource = resource or FunctionUrl(qualifier="live")
    key = "url" if isinstance(resource, FunctionUrl) else "api_url"
    cloud = Doored(answer=lambda _: RIGHT, door=resource, outputs=((key, url),))
    return replace(make_world(folder, cloud), doors=Signing())


def test_the_door_is_asked_as_its_callers_ask(tmp_path, door):
    """Signed, at its predictions; what came of it is told."""
    handler, url = door

    done = deploy(WISH, world_of(tmp_path, url), FakeRooms())

    assert [("/invocations", "yes")] == handler.asked
    assert f"{done.smoke}".endswith("its URL answers as the model does")


def test_a_change_that_is_not_known_yet_is_waited_for(tmp_path, door):
    """Refused at first, right the next time: that is no failure."""
    handler, url = door
    handler.answers = [(403, b"{}"), (200, RIGHT)]

    deploy(WISH, world_of(tmp_path, url), FakeRooms())

    assert 2 == len(handler.asked)


@pytest.mark.parametrize(
    ("answer", "why", "check"),
    [
        ((403, b"Forbidden"), "status 403: Forbidden", "InvokeFunctionUrl"),
        ((404, b""), "status 404", "POST /invocations"),
        ((429, b""), "status 429", "concurrency"),
        ((502, b"oops"), "status 502: oops", "logs fraud"),
        ((504, b""), "status 504", "timeout_s"),
        ((200, b'{"predictions": [2.0]}'), r"is 2.0, not 1.0", "logs fraud"),
    ],
)
def test_traffic_goes_back_from_a_door_that_fails(tmp_path, door, answer, why, check):
    """At once, to where it was; the status and what to look at are told."""
    handler, url = door
    world, rooms = world_of(tmp_path, url), FakeRooms()
    deploy(WISH, world, rooms)
    handler.answers = [answer]

    with pytest.raises(FrontDoorError, match=why) as caught:
        deploy(replace(WISH, model_uri="models:/fraud/2"), world, rooms)

    assert (answer[0], Kind.REFUSED) == (caught.value.status, caught.value.kind)
    assert "live serves version 1 again" in caught.value.message
    assert check in caught.value.hint
    assert "models:/fraud/1" == status("fraud", world).serving.model
    handler.answers = [(200, RIGHT)]
    again = deploy(replace(WISH, model_uri="models:/fraud/2"), world, rooms)
    assert "2" == again.version


def test_a_first_deployment_has_nothing_to_go_back_to(tmp_path):
    """It stays, and that nobody can be reached is told."""
    world = world_of(tmp_path, "http://127.0.0.1:9")

    with pytest.raises(FrontDoorError, match="cannot be reached") as caught:
        deploy(WISH, world, FakeRooms())

    assert 0 == caught.value.status
    assert "no earlier version" in caught.value.message
    assert "1" == status("fraud", world).serving.version


@pytest.mark.parametrize(("code", "passes"), [(401, True), (200, False)])
def test_a_door_that_wants_a_token_refuses_whoever_has_none(
    tmp_path, door, code, passes
):
    """We have none to show; that it is locked can be seen all the same."""
    handler, url = door
    handler.answers = [(code, RIGHT)]
    api = HttpApi(name="it", qualifier="live", auth="JWT")
    world = world_of(tmp_path, url, api)

    if passes:
        assert "no token" in deploy(WISH, world, FakeRooms()).smoke
    else:
        with pytest.raises(FrontDoorError, match="lets in whoever"):
            deploy(WISH, world, FakeRooms())
    assert {None} == {signed for _, signed in handler.asked}


def test_a_public_door_is_asked_without_a_signature(tmp_path, door):
    """As everybody will."""
    handler, url = door
    resource = FunctionUrl(qualifier="live", auth="NONE")

    deploy(WISH, world_of(tmp_path, url, resource), FakeRooms())

    assert [("/invocations", None)] == handler.asked


def test_smoke_can_be_left_out(tmp_path, door):
    """`smoke=false` asks no door either."""
    handler, url = door

    deploy(
        replace(WISH, given={"smoke": "false", "record": False}),
        world_of(tmp_path, url), FakeRooms(),
    )  # fmt: skip

    assert [] == handler.asked


def test_what_is_live_is_asked_through_its_door(tmp_path, door):
    """By its name as by its URL; a door that stays shut is an error."""
    handler, url = door
    world = world_of(tmp_path, url)
    deploy(WISH, world, FakeRooms())
    invoked = len(world.cloud.asked)

    assert (200, RIGHT) == by_name("fraud", world)(b"{}")
    assert ("/invocations", "yes") == handler.asked[-1]
    assert invoked == len(world.cloud.asked)
    handler.answers = [(403, b"")]
    with pytest.raises(NotLetInError, match="403"):
        by_url(url, world.doors)(b"{}")
