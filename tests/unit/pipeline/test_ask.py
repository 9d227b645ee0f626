"""Answers, refusals and failures are told apart; answers are compared as JSON."""

import math

import pytest

from mlflow_serverless.errors import Kind
from mlflow_serverless.pipeline.ask import ask
from mlflow_serverless.pipeline.errors import (
    PredictionFailedError,
    PredictionRefusedError,
)
from mlflow_serverless.pipeline.smoke import difference
from mlflow_serverless.world import Reply


class Says:
    def __init__(self, payload: bytes, error: str | None = None) -> None:
        self.reply = Reply(payload=payload, version="3", error=error)

    def invoke(self, name: str, payload: bytes, *, qualifier: str = "live") -> Reply:
        return self.reply


def test_a_prediction_is_passed_on():
    """
    The reply comes back as it is.
    """
    cloud = Says(b'{"predictions": [1]}')

    assert cloud.reply is ask(cloud, "it", b"", qualifier="live")


def test_a_refused_request_is_the_caller_s_to_mend():
    """
    MLflow's error body becomes bad input, with the model's own words.
    """
    cloud = Says(b'{"error_code": "BAD_REQUEST", "message": "missing inputs [\'b\']"}')
    with pytest.raises(PredictionRefusedError, match="missing inputs") as caught:
        ask(cloud, "it", b"", qualifier="live")

    assert Kind.BAD_INPUT is caught.value.kind


def test_a_failing_function_says_where_to_look():
    """
    A function error is not the request's fault.
    """
    cloud = Says(b'{"errorMessage": "no model", "errorType": "x"}', "Unhandled")
    with pytest.raises(PredictionFailedError, match="Unhandled: no model") as caught:
        ask(cloud, "it", b"", qualifier="live")

    assert "logs it" in caught.value.hint


@pytest.mark.parametrize(
    ("expected", "got", "where"),
    [
        ({"p": [1.0, "a"]}, {"p": [1.0 + 1e-9, "a"]}, ""),
        ([1, 2], [1.0, 2.0], ""),
        ([math.nan, None], [None, math.nan], ""),
        ([math.nan, 1.0], [math.nan, math.nan], "$[1] is nan, not 1.0"),
        ([1, 2], [1], "$ has 1 items, not 2"),
        ({"a": 1}, {"b": 1}, "$ has ['b'], not ['a']"),
        ({"p": ["yes"]}, {"p": ["no"]}, "$.p[0] is 'no', not 'yes'"),
        ([1.0], [1.1], "$[0] is 1.1, not 1.0"),
        ([True], [1], "$[0] is 1, not True"),
        (["1"], [1], "$[0] is 1, not '1'"),
    ],
)
def test_the_first_difference_is_found(expected, got, where):
    """
    Numbers may differ in the last digits, everything else must be the same.
    """
    assert where == difference(expected, got)
