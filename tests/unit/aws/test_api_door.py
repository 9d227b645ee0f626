"""By an HTTP API: real requests through the gateway, as `HttpApi` has set it up.

The gateway is a stand-in (`tests/fakes/aws/api_door.py`); what is tested is that the
parts we make of an `HttpApi` (routes, authoriser, stage, permission, log) do together
what the value says.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.aws import Front
from mlflow_serverless.pipeline.front import post
from mlflow_serverless.plan import (
    Cors,
    HttpApi,
    JwtAuthorizer,
    LogGroup,
    MakeResource,
    names,
    plan,
)
from tests.fakes.aws.tokens import Issuer
from tests.fakes.tell import silent

ASKED = b'{"do": "event"}'
PAGE = "https://shop.example.com"
URL = "https://issuer.example.com/"
JWT = JwtAuthorizer(issuer=URL, audience=("fraud",), scopes=("score",))


@pytest.fixture
def deployed(cloud, want, name):
    """From how the function and the API are to be, to the API's URL."""

    def make(*, settings=None, **given) -> str:
        apply(plan(want(**settings or {}), cloud.snapshot(name)), cloud, silent)
        api = HttpApi(
            name=names.api(name), qualifier="live", tags=((names.OWNER, name),), **given
        )
        cloud.perform(MakeResource(name, api))
        return dict(cloud.snapshot(name).outputs)["api_url"]

    return make


@pytest.fixture
def issuer(aws):
    """Whose tokens the gateway can check."""
    made = Issuer(URL)
    aws.apis.issuers.append(made)
    yield made
    aws.apis.issuers.remove(made)


def ask(url: str, method: str = "POST", body: bytes = ASKED, **headers: str):
    """Status, headers and body of one plain request to `/invocations`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        f"{url}/invocations", body if method == "POST" else None,
        {"Content-Type": "application/json"} | given, method=method,
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers, refusal.read()


def test_a_signed_request_comes_in_as_payload_version_2(access, deployed):
    """And nobody else's; the function is told the route and who was let in."""
    url = deployed()
    status, body = post(url, ASKED, Front(access))
    event = json.loads(body)["echo"]

    assert 200 == status
    assert "2.0" == event["version"]
    assert "POST /invocations" == event["routeKey"]
    assert {"iam"} == set(event["requestContext"]["authorizer"])
    assert 403 == post(url, ASKED, None)[0]


def test_what_is_no_route_is_not_there(access, deployed):
    """The function never hears of it."""
    assert (404, b'{"message": "Not Found"}') == ask(deployed(), "GET")[::2]


def test_a_token_comes_in_if_it_is_for_us(deployed, issuer):
    """Signed by the issuer, for this audience and scope, now; else it stays out."""
    url = deployed(auth="JWT", jwt=JWT)
    good = {"aud": "fraud", "scope": "score other"}
    tokens = {
        200: [issuer.token(**good), issuer.token(client_id="fraud", scope="score")],
        401: [
            "nothing", Issuer(URL).token(**good),
            issuer.token(**good | {"aud": "other"}),
            issuer.token(**good, exp=int(time.time()) - 1),
            issuer.token(**good, nbf=int(time.time()) + 60),
            issuer.token(**good, iss="https://issuer.example.org/"),
        ],
        403: [issuer.token(**good | {"scope": "read"}), issuer.token(aud="fraud")],
    }  # fmt: skip

    for expected, given in tokens.items():
        for token in given:
            status, _, body = ask(url, authorization=f"Bearer {token}")
            assert expected == status, body
    assert 401 == ask(url)[0]


def test_pages_may_call_from_named_origins_only(deployed, issuer):
    """The browser's question needs no token; its answer names the origin."""
    url = deployed(auth="JWT", jwt=JWT, cors=Cors(origins=(PAGE,)))
    asks = {"access_control_request_method": "POST"}
    status, headers, _ = ask(url, "OPTIONS", origin=PAGE, **asks)
    _, strange, _ = ask(url, "OPTIONS", origin="https://other.example.com", **asks)
    token = issuer.token(aud="fraud", scope="score")
    _, answered, _ = ask(url, origin=PAGE, authorization=f"Bearer {token}")

    assert 204 == status
    assert PAGE == headers["access-control-allow-origin"]
    assert "POST" == headers["access-control-allow-methods"]
    assert "access-control-allow-origin" not in strange
    assert PAGE == answered["access-control-allow-origin"]


def test_beyond_the_burst_requests_are_turned_away(access, deployed):
    """429, before the function is asked."""
    url = deployed(rate=1.0, burst=2)
    front = Front(access)

    assert [200, 200, 429] == [post(url, ASKED, front)[0] for _ in range(3)]


@pytest.mark.parametrize(
    ("variable", "timeout_ms", "status"),
    [(("FAIL_INIT", "Model.Broken"), 30_000, 500), (("SLOW_INIT", "2"), 300, 503)],
)
def test_a_function_that_fails_or_takes_too_long(
    access, deployed, variable, timeout_ms, status
):
    """The gateway answers for it, and says nothing of what went on inside."""
    url = deployed(settings={"environment": (variable,)}, timeout_ms=timeout_ms)

    assert status == post(url, ASKED, Front(access))[0]


def test_an_api_that_may_not_call_the_alias_fails(access, deployed, name):
    """The alias's statement for this API is what lets it in."""
    url = deployed()
    access.client("lambda").remove_permission(
        FunctionName=name, Qualifier="live", StatementId="api"
    )

    assert 500 == post(url, ASKED, Front(access))[0]


def test_every_request_is_noted_without_what_was_in_it(access, cloud, deployed, name):
    """Route and status, of those who were turned away as well."""
    group = names.access_log_group(name)
    cloud.perform(MakeResource(name, LogGroup(name=group)))
    arn = access.place.arn("logs", f"log-group:{group}")
    url = deployed(access_log=arn)
    post(url, ASKED, Front(access))
    post(url, b'{"secret": "value"}', None)
    events = access.client("logs").filter_log_events(logGroupName=group)["events"]
    lines = [json.loads(event["message"]) for event in events]

    assert ["200", "403"] == sorted(line["status"] for line in lines)
    assert {"POST /invocations"} == {line["route"] for line in lines}
    assert "secret" not in str(lines)
