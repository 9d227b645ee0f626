"""Credentials as Lambda provides them."""

from __future__ import annotations

import pytest

from lambda_runtime.cache.credentials import address_of, credentials_of
from lambda_runtime.cache.http import Address
from lambda_runtime.cache.sigv4 import Credentials
from lambda_runtime.cache.tier import Limit, Miss
from tests.fakes.credentials_endpoint import TOKEN, CredentialsEndpoint

KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}


def test_functions_have_them_in_the_environment():
    """Keys and session token are read as they are set."""
    found = credentials_of({**KEYS, "AWS_SESSION_TOKEN": "token"}, Limit(1))

    assert Credentials("AKID", "secret", "token") == found


@pytest.fixture
def endpoint():
    """A credentials endpoint that wants to be told its token."""
    with CredentialsEndpoint() as started:
        yield started


def test_restored_functions_ask_their_endpoint(endpoint, tmp_path):
    """After a snapshot is restored, keys come from the endpoint, with its token."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    where = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.uri}
    by_value = {**where, "AWS_CONTAINER_AUTHORIZATION_TOKEN": TOKEN}
    by_file = {
        **where,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
    }

    assert Credentials("A", "B", "C") == credentials_of(by_value, Limit(2))
    assert Credentials("A", "B", "C") == credentials_of(by_file, Limit(2))
    with pytest.raises(Miss, match="403"):
        credentials_of(where, Limit(2))


@pytest.mark.parametrize("body", ["", "[]", "{}", "not json"])
def test_an_endpoint_that_answers_nonsense_is_a_miss(endpoint, body: str):
    """An answer without keys is told, not raised through."""
    endpoint.body = body
    where = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.uri,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "password",
    }

    with pytest.raises(Miss, match="no keys"):
        credentials_of(where, Limit(2))


def test_the_token_is_not_told_to_strangers():
    """An endpoint elsewhere without TLS could be anybody."""
    where = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/creds"}

    with pytest.raises(Miss, match="neither local nor TLS"):
        credentials_of(where, Limit(1))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:4566", (Address("localhost", 4566, tls=False), "")),
        ("https://x.example/a/b", (Address("x.example", 443, tls=True), "/a/b")),
        ("http://[::1]:80/", (Address("::1", 80, tls=False), "/")),
    ],
)
def test_addresses_are_taken_apart(url: str, expected):
    """Scheme, host, port and path, with the usual ports."""
    assert expected == address_of(url)


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "localhost:80", "http://", "http://x:y"]
)
def test_what_is_no_address_is_refused(url: str):
    """A typing mistake in an endpoint variable is named."""
    with pytest.raises(Miss):
        address_of(url)
