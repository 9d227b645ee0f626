"""By the front door: signed as AWS checks it, for AWS alone."""

import json
from itertools import islice

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.aws import Front
from mlflow_serverless.pipeline.front import post
from mlflow_serverless.plan import FunctionUrl, MakeResource, Permission, plan
from tests.fakes.aws.account import PACE
from tests.fakes.tell import silent

ASKED = b'{"do": "event"}'


@pytest.fixture
def url(cloud, want, name):
    """A deployment's URL that wants a signature."""
    apply(plan(want(), cloud.snapshot(name)), cloud, silent)
    cloud.perform(MakeResource(name, FunctionUrl(qualifier="live")))
    return dict(cloud.snapshot(name).outputs)["url"]


def test_a_signed_request_comes_in(access, url):
    """The door computes the signature anew, and the function is asked."""
    status, body = post(url, ASKED, Front(access))

    assert 200 == status
    event = json.loads(body)["echo"]
    assert ("/invocations", ASKED.decode()) == (event["rawPath"], event["body"])


def test_an_unsigned_request_stays_outside(url):
    """Nobody comes in without credentials."""
    assert 403 == post(url, ASKED, None)[0]


def test_who_may_not_come_in_is_told_so(access, aws, url):
    """A signature is not a permission."""
    aws.faults.deny("lambda:InvokeFunctionUrl")

    assert 403 == post(url, ASKED, Front(access))[0]


def test_a_public_door_takes_both_statements(cloud, want, name):
    """With one of them alone every call is refused, as AWS does since 2025."""
    apply(plan(want(), cloud.snapshot(name)), cloud, silent)
    cloud.perform(MakeResource(name, FunctionUrl(qualifier="live", auth="NONE")))
    url = dict(cloud.snapshot(name).outputs)["url"]
    seen = []
    for permission in (
        Permission(
            sid="url", qualifier="live", principal="*", url_auth="NONE",
            action="lambda:InvokeFunctionUrl",
        ),
        Permission(sid="url-invoke", qualifier="live", principal="*", via_url=True),
    ):  # fmt: skip
        cloud.perform(MakeResource(name, permission))
        seen.append(post(url, ASKED, None)[0])

    assert [403, 200] == seen


@pytest.mark.parametrize(
    ("url", "scope"),
    [
        ("https://abc.lambda-url.eu-central-1.on.aws/x", "/eu-central-1/lambda/"),
        ("https://abc.execute-api.us-gov-west-1.amazonaws.com/x",
         "/us-gov-west-1/execute-api/"),
        ("https://abc.execute-api.cn-north-1.amazonaws.com.cn/x",
         "/cn-north-1/execute-api/"),
    ],
)  # fmt: skip
def test_it_is_signed_for_the_region_that_the_host_names(access, url, scope):
    """Wherever our own clients are; with the token of a session that has one."""
    assert scope in Front(access).sign(url, ASKED)["Authorization"]


@pytest.mark.parametrize(
    "url",
    [
        "https://models.example.com/invocations",
        "https://abc.lambda-url.eu-central-1.on.aws.example.com/invocations",
        "https://example.com/.lambda-url.eu-central-1.on.aws",
        "http://abc.lambda-url.eu-central-1.on.aws/invocations",
    ],
)
def test_nobody_else_gets_a_signature(access, url):
    """Not another host, however it is called; and AWS only over TLS."""
    assert {} == Front(access).sign(url, ASKED)


def test_a_change_is_waited_for_with_growing_pauses(access):
    """As long as AWS may take to hear of it, and not for ever."""
    pauses = list(islice(Front(access).pauses(), 100))

    assert sorted(pauses) == pauses
    assert PACE.settle_s <= sum(pauses) < 3 * PACE.settle_s
