"""Asked through a door, a deployment answers as its callers are answered."""

import pytest

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES
from mlflow_serverless.pipeline import ask_outside, deploy
from mlflow_serverless.pipeline.outside import TRIES
from mlflow_serverless.plan import FunctionUrl, HttpApi
from tests.fakes.rooms import FakeRooms
from tests.unit.pipeline.test_front import door, world_of  # noqa: F401 - a fixture
from tests.unit.pipeline.test_story import RIGHT, WISH

NAME = WISH.name
WAYS = {
    "signed": (FunctionUrl(qualifier="live", auth="AWS_IAM"), "url", "yes", None),
    "public": (FunctionUrl(qualifier="live", auth="NONE"), "url", None, None),
    "token": (
        HttpApi(name="a", qualifier="live", auth="JWT"),
        "api",
        None,
        "Bearer it",
    ),
}


@pytest.fixture
def made(door, tmp_path):  # noqa: F811 - the fixture
    """A world with one door, and what listens there."""
    handler, url = door

    def make(resource=WAYS["signed"][0]):
        world = world_of(tmp_path, url, resource)
        deploy(WISH, world, FakeRooms())
        handler.asked.clear()
        handler.tokens.clear()
        return world, handler

    return make


@pytest.mark.parametrize("way", WAYS)
def test_each_door_is_asked_with_what_it_wants(made, way):
    """Signed, with a token, or plainly; never with more than that."""
    resource, which, signed, bearer = WAYS[way]
    world, handler = made()
    world.cloud.door, key = resource, f"{'api_' * (which == 'api')}url"
    world.cloud.outputs = ((key, dict(world.cloud.outputs)["url"]),)
    answer = ask_outside(NAME, b"{}", world, door=which, token="it")

    assert RIGHT == answer
    assert [("/invocations", signed)] == handler.asked
    assert [bearer] == handler.tokens


def test_who_is_turned_away_for_the_crowd_asks_again(made):
    """A few times, at pauses; then it is said."""
    world, handler = made()
    handler.answers = [(429, b"{}"), (503, b"{}"), (200, RIGHT)]
    assert RIGHT == ask_outside(NAME, b"{}", world, door="url")
    assert 3 == len(handler.asked)

    handler.answers = [(429, b'{"message": "Too Many Requests"}')]
    with pytest.raises(ServerlessError, match="Too Many Requests") as refusal:
        ask_outside(NAME, b"{}", world, door="url")
    assert ("throttled", Kind.UNAVAILABLE) == (refusal.value.code, refusal.value.kind)
    assert 3 + TRIES == len(handler.asked)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, b'{"error_code": "BAD_REQUEST", "message": "no"}', "prediction-refused"),
        (403, b'{"Message": "Forbidden"}', "url-denied"),
        (502, b'{"message": "Internal Server Error"}', "prediction-failed"),
    ],
)
def test_what_is_no_answer_is_an_error(made, status, body, code):
    """By its status, and in the door's own words; nothing is asked twice."""
    world, handler = made()
    handler.answers = [(status, body)]
    with pytest.raises(ServerlessError) as refusal:
        ask_outside(NAME, b"{}", world, door="url")

    assert code == refusal.value.code
    assert 1 == len(handler.asked)


def test_nothing_is_sent_that_cannot_arrive(made):
    """Too large, to no door, or without the token that it wants."""
    world, handler = made()
    with pytest.raises(ServerlessError) as large:
        ask_outside(NAME, b" " * (SYNC_PAYLOAD_BYTES + 1), world, door="url")
    with pytest.raises(ServerlessError) as none:
        ask_outside(NAME, b"{}", world, door="api")
    world.cloud.door = WAYS["token"][0]
    world.cloud.outputs = (("api_url", "http://127.0.0.1:9"),)
    with pytest.raises(ServerlessError) as without:
        ask_outside(NAME, b"{}", world, door="api")

    assert ["payload-too-large", "no-door", "token-missing"] == [
        refusal.value.code for refusal in (large, none, without)
    ]
    assert [] == handler.asked
