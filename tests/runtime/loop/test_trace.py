"""The trace of a request, as code in this process finds it."""

import ctypes
import os

import pytest

from lambda_runtime import loop

NAME = "_X_AMZN_TRACE_ID"


@pytest.fixture(autouse=True)
def _as_it_was():
    yield
    loop._pass_on("")


def test_python_finds_the_trace_of_the_request_at_hand():
    """Set for each request, gone with one that has none."""
    loop._pass_on("Root=1-a;Sampled=1")
    first = os.environ.get(NAME)
    loop._pass_on("Root=1-b;Sampled=0")
    second = os.environ[NAME]
    loop._pass_on("")

    assert ("Root=1-a;Sampled=1", "Root=1-b;Sampled=0") == (first, second)
    assert NAME not in os.environ


def test_c_is_not_told_since_it_never_forgets():
    """`setenv` keeps every value it was given for as long as the process lives."""
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p

    loop._pass_on("Root=1-a;Sampled=1")

    assert getenv(NAME.encode()) is None
