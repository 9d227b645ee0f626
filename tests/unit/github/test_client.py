"""GitHub is asked again only where that can help, and never for longer than we may."""

import time

import pytest

from mlflow_serverless.errors import Kind
from mlflow_serverless.github.api import Patience
from mlflow_serverless.github.app import AppToken
from mlflow_serverless.github.client import GitHub
from mlflow_serverless.github.errors import (
    AppKeyError,
    GitHubDeniedError,
    GitHubMissingError,
    GitHubRefusedError,
    GitHubUnavailableError,
)
from tests.fakes.github import github


@pytest.fixture
def fake():
    with github() as made:
        yield made


class Slept:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.at, self.naps = 0.0, []

    def sleep(self, seconds):
        self.naps.append(seconds)
        self.at += seconds

    def clock(self):
        return self.at


def client(fake, slept=None, *, token="good", repository="acme/models", **how):
    slept = slept or Slept()
    patience = Patience(sleep=slept.sleep, clock=slept.clock, **how)
    return GitHub(repository, lambda: token, api=fake.url, patience=patience)


def test_a_dispatch_arrives(fake):
    """
    Type and payload, once.
    """
    client(fake).dispatch("mlflow-registry", {"model": "fraud"})

    assert [
        {"event_type": "mlflow-registry", "client_payload": {"model": "fraud"}}
    ] == fake.dispatches


@pytest.mark.parametrize(
    ("refusal", "naps"),
    [
        ((502, {}, {"message": "Bad Gateway"}), [0.5]),
        ((429, {"retry-after": "3"}, {"message": "slow down"}), [3.0]),
        ((403, {"retry-after": "2"}, {"message": "secondary rate limit"}), [2.0]),
        ((403, {}, {"message": "You have exceeded a secondary rate limit"}), [1.0]),
    ],
)
def test_what_passes_is_waited_for(fake, refusal, naps):
    """
    Server errors and rate limits: as long as GitHub says, else a little.
    """
    slept = Slept()
    fake.next.append(refusal)
    client(fake, slept).dispatch("it", {})

    assert naps == slept.naps
    assert 1 == len(fake.dispatches)


def test_a_limit_s_reset_is_waited_for(fake):
    """
    `x-ratelimit-reset` is a time, in seconds since 1970.
    """
    slept = Slept()
    headers = {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(time.time()) + 5),
    }
    fake.next.append((403, headers, {"message": "API rate limit exceeded"}))
    client(fake, slept).dispatch("it", {})

    assert 3 < slept.naps[0] <= 5
    assert 1 == len(fake.dispatches)


@pytest.mark.parametrize(
    "refusal",
    [
        (429, {"retry-after": "3600"}, {"message": "slow down"}),
        (403, {"retry-after": "900"}, {"message": "secondary rate limit"}),
    ],
)
def test_a_wait_beyond_the_deadline_ends_at_once(fake, refusal):
    """
    Nobody waits an hour inside a step; the error says what GitHub asked.
    """
    slept = Slept()
    fake.next.append(refusal)
    with pytest.raises(GitHubUnavailableError) as caught:
        client(fake, slept).dispatch("it", {})

    assert [] == slept.naps
    assert Kind.UNAVAILABLE is caught.value.kind
    assert str(refusal[0]) in caught.value.message
    assert "it asks to wait" in caught.value.message


def test_a_broken_github_ends_by_the_deadline(fake):
    """
    It fails each time: the pauses double, and the deadline holds.
    """
    slept = Slept()
    fake.next.extend([(500, {}, {"message": "oops"})] * 20)
    with pytest.raises(GitHubUnavailableError, match="5 tries: 500 oops"):
        client(fake, slept, deadline_s=10).dispatch("it", {})

    assert [0.5, 1.0, 2.0, 4.0] == slept.naps


def test_silence_is_a_failure_too(fake):
    """
    It takes the call and says nothing: tried again, then given up.
    """
    fake.next.extend([0.3, 0.3])
    with pytest.raises(GitHubUnavailableError, match="2 tries"):
        client(fake, timeout_s=0.1, deadline_s=1.2).dispatch("it", {})


@pytest.mark.parametrize(
    ("how", "error", "kind"),
    [
        ({"token": "bad"}, GitHubDeniedError, Kind.DENIED),
        ({"repository": "acme/other"}, GitHubMissingError, Kind.NOT_FOUND),
    ],
)
def test_what_stays_wrong_is_not_tried_again(fake, how, error, kind):
    """
    401 and 404: one call, and what to check.
    """
    with pytest.raises(error) as caught:
        client(fake, **how).dispatch("it", {})

    assert 1 == len(fake.calls)
    assert kind is caught.value.kind


def test_a_bad_body_is_said(fake):
    """
    422 carries GitHub's own words.
    """
    payload = {str(n): n for n in range(11)}
    with pytest.raises(GitHubRefusedError, match="Invalid request"):
        client(fake).dispatch("it", payload)


def test_a_redirect_is_not_followed(fake):
    """
    The token goes to nobody but the host that was named.
    """
    fake.next.append((302, {"location": f"{fake.url}/elsewhere"}, {"message": "Moved"}))
    with pytest.raises(GitHubRefusedError, match="302"):
        client(fake).dispatch("it", {})

    assert 1 == len(fake.calls)


def test_a_comment_is_updated_in_place(fake):
    """
    Ours is found by its marker among others, on any page; others' are left alone.
    """
    here = client(fake)
    fake.comments = {n: (7, f"somebody's {n}") for n in range(1, 121)}
    first = here.comment(7, "mlflow-serverless:fraud", "one")
    second = here.comment(7, "mlflow-serverless:fraud", "two")
    here.comment(7, "mlflow-serverless:churn", "three")

    assert first == second
    assert 122 == len(fake.comments)
    assert (7, "<!-- mlflow-serverless:fraud -->\ntwo") == fake.comments[121]
    assert (7, "somebody's 1") == fake.comments[1]


@pytest.fixture(scope="module")
def key():
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key):
    from cryptography.hazmat.primitives import serialization as form

    return key.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    ).decode()


def test_an_app_gets_a_token_and_keeps_it(fake, key):
    """
    One token for two calls; a new one before the old one ends.
    """
    fake.app_key = key.public_key()
    clock = [time.time()]
    token = AppToken("app-1", "5", pem(key), api=fake.url, clock=lambda: clock[0])
    here = GitHub("acme/models", token, api=fake.url)
    here.dispatch("it", {})
    here.dispatch("it", {})
    before = sum(path.endswith("access_tokens") for _, path in fake.calls)
    token._until = clock[0] + 60
    here.dispatch("it", {})
    after = sum(path.endswith("access_tokens") for _, path in fake.calls)

    assert (1, 2) == (before, after)
    assert 3 == len(fake.dispatches)


def test_an_unknown_app_is_denied(fake, key):
    """
    The key is not the one that GitHub knows.
    """
    token = AppToken("app-1", "5", pem(key), api=fake.url)
    with pytest.raises(GitHubDeniedError, match="JSON web token"):
        GitHub("acme/models", token, api=fake.url).dispatch("it", {})


def test_an_apps_token_is_waited_for(fake, key):
    """
    GitHub is down for a moment: that is no denial, and is tried again.
    """
    fake.app_key = key.public_key()
    fake.next.extend([(502, {}, {"message": "Bad Gateway"})])
    slept = Slept()
    patience = Patience(sleep=slept.sleep, clock=slept.clock)
    token = AppToken("app-1", "5", pem(key), api=fake.url, patience=patience)

    assert token().startswith("ghs_")
    assert [0.5] == slept.naps


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAA=="])
def test_a_key_that_is_none_is_said(fake, text):
    """
    Before anybody is asked, with what it should be.
    """
    with pytest.raises(AppKeyError, match=r"whole \.pem file"):
        AppToken("app-1", "5", text, api=fake.url)()

    assert [] == fake.calls


def test_a_stranger_s_comment_is_not_written_into(fake):
    """
    It looks like ours, but its author could change the plan in it afterwards.
    """
    fake.comments = {1: (7, "<!-- mlflow-serverless:fraud -->\nfalse")}
    fake.strangers = {1}
    here = client(fake)
    here.comment(7, "mlflow-serverless:fraud", "one")
    here.comment(7, "mlflow-serverless:fraud", "two")

    assert (7, "<!-- mlflow-serverless:fraud -->\nfalse") == fake.comments[1]
    assert (7, "<!-- mlflow-serverless:fraud -->\ntwo") == fake.comments[2]
    assert 2 == len(fake.comments)


def test_those_who_approved_are_named(fake):
    """
    Of this run and this environment; a rejection is none.
    """
    fake.approvals = [
        ("7", "production", "approved", "bob"), ("7", "production", "rejected", "eve"),
        ("7", "staging", "approved", "dan"), ("8", "production", "approved", "ann"),
    ]  # fmt: skip
    here = client(fake)

    assert ("bob",) == here.approvers("7", "production")
    assert () == here.approvers("9", "production")


@pytest.mark.parametrize(
    ("call", "right"),
    [
        (lambda here: here.dispatch("it", {}), "Contents: write"),
        (lambda here: here.comment(7, "m", "x"), "Pull requests: write"),
        (lambda here: here.approvers("7", "production"), "Actions: read"),
    ],
)
def test_a_denial_names_the_right_that_is_missing(fake, call, right):
    """
    Each call needs another.
    """
    with pytest.raises(GitHubDeniedError, match=right):
        call(client(fake, token="bad"))
