"""Image names are read as engines read them."""

from __future__ import annotations

import pytest

from mlflow_serverless.build.registry import Reference, parse_reference
from mlflow_serverless.build.registry.errors import BadReferenceError
from mlflow_serverless.build.registry.reference import is_loopback

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    "text, expected",
    [
        ("public.ecr.aws/lambda/python:3.12",
         Reference("public.ecr.aws", "lambda/python", "3.12")),
        ("127.0.0.1:5000/ml/x", Reference("127.0.0.1:5000", "ml/x")),
        (f"r.test/x:1@{DIGEST}", Reference("r.test", "x", "1", DIGEST)),
        ("python:3.12", Reference("registry-1.docker.io", "library/python", "3.12")),
        ("docker.io/a/b", Reference("registry-1.docker.io", "a/b")),
        ("localhost/a", Reference("localhost", "a")),
    ],
)  # fmt: skip
def test_a_name_is_read(text, expected):
    """Host, repository, tag and digest; a digest is what is asked for."""
    found = parse_reference(text)

    assert expected == found
    assert (expected.digest or expected.tag or "latest") == found.wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A/b",
        "r.test/x:",
        "r.test/x@sha256:1",
        "r.test/../x",
        "r.test/x:a b",
        "r.test:x/y",
        "r test.de/x",
    ],
)
def test_what_is_no_name_is_refused(text):
    """With the text."""
    with pytest.raises(BadReferenceError):
        parse_reference(text)


@pytest.mark.parametrize(
    "host, expected",
    [
        ("127.0.0.1:5000", True), ("127.9.9.9", True), ("localhost:1", True),
        ("[::1]:5000", True), ("r.test", False), ("10.0.0.1:80", False),
        ("127.0.0.1.r.test", False), ("localhost.r.test", False),
    ],
)  # fmt: skip
def test_only_loopback_is_loopback(host, expected):
    """Names that only begin like it are not."""
    assert expected is is_loopback(host)
