"""Signatures are botocore's, byte for byte."""

from __future__ import annotations

import calendar
import datetime as dt

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.cache import sigv4

keys = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
moments = st.datetimes(
    dt.datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    dt.datetime(2099, 1, 1),  # noqa: DTZ001
)


class _At(S3SigV4Auth):
    """botocore's signer at a time of our choice, without its own clock."""

    def __init__(self, who, region, moment) -> None:
        super().__init__(who, "s3", region)
        self.moment = moment

    def add_auth(self, request):
        request.context["timestamp"] = self.moment.strftime("%Y%m%dT%H%M%SZ")
        self._modify_request_before_signing(request)
        canonical = self.canonical_request(request)
        text = self.string_to_sign(request, canonical)
        self._inject_signature_to_request(request, self.signature(text, request))


def theirs(path, headers, who, region, moment):
    """The headers botocore would send."""
    request = AWSRequest("GET", f"https://{headers['host']}{path}", headers=headers)
    request.context["payload_signing_enabled"] = True
    _At(BotoCredentials(*who), region, moment).add_auth(request)
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    return {name.lower(): value for name, value in request.headers.items()}


@given(
    key=keys,
    who=st.tuples(words, words, st.one_of(st.just(""), words)),
    region=st.sampled_from(["us-east-1", "cn-north-1", "eu-west-3"]),
    moment=moments,
    etag=st.one_of(st.none(), words),
)
def test_signatures_are_botocores(key, who, region, moment, etag):
    """For every key, credentials, region and time, both sign alike."""
    headers = {"host": "b.s3.amazonaws.com", "range": "bytes=0-9"}
    if etag is not None:
        headers["if-match"] = etag
    path = sigv4.encoded("/" + key)
    now = calendar.timegm(moment.timetuple())

    ours = sigv4.signed(
        path, headers, sigv4.Credentials(*who), sigv4.Scope(region, now)
    )
    expected = theirs(path, headers, (who[0], who[1], who[2] or None), region, moment)

    assert expected["authorization"] == ours["authorization"]


@pytest.mark.parametrize("key", ["a b", "ü/ö", "%41", "a+b", "~-._", "*'()!"])
def test_paths_are_encoded_as_s3_does(key: str):
    """Every byte but letters, digits and `-._~/` is escaped, once."""
    from botocore.utils import percent_encode

    assert percent_encode(key, safe="/~") == sigv4.encoded(key)


def test_credentials_do_not_show():
    """A secret in a traceback or a log would be a leak."""
    shown = repr(sigv4.Credentials("AKIDEXAMPLE", "very-secret", "session-token"))

    assert "secret" not in shown
    assert "token" not in shown
