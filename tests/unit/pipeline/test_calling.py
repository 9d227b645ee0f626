"""What is printed after a deployment can be pasted."""

import shlex

import pytest

from mlflow_serverless.pipeline.calling import calls
from mlflow_serverless.plan import Actual, FunctionUrl, HttpApi, LogGroup

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:fraud"
OUTPUTS = (
    ("api_url", "https://api.example"), ("function_arn", ARN),
    ("url", "https://url.example/"),
)  # fmt: skip


def have(*resources) -> Actual:
    return Actual(name="fraud", resources=resources, outputs=OUTPUTS)


def test_every_deployment_can_be_called_from_python():
    """By its alias, where that is not the usual one."""
    assert ('mlflow_serverless.predict("fraud", rows, target="lambda")',) == calls(
        have(LogGroup(name="l")), "live", "lambda"
    )
    (line,) = calls(have(), "next", "lambda")
    assert '"fraud:next"' in line


@pytest.mark.parametrize(
    ("door", "words"),
    [
        (FunctionUrl(qualifier="live", auth="NONE"), ["https://url.example/invocations"]),
        (FunctionUrl(qualifier="live"), ["aws:amz:eu-central-1:lambda"]),
        (HttpApi(name="a", qualifier="live"), ["aws:amz:eu-central-1:execute-api"]),
        (HttpApi(name="a", qualifier="live", auth="JWT"),
         ["https://api.example/invocations", "authorization: Bearer $TOKEN"]),
    ],
)  # fmt: skip
def test_each_door_has_its_line(door, words):
    """With what its authorisation asks for, as one command."""
    _, line = calls(have(door), "live", "lambda")
    typed = shlex.split(line)

    assert "curl" == typed[0]
    assert set(words) <= set(typed)
    assert ("--aws-sigv4" in typed) == (door.auth == "AWS_IAM")


def test_a_door_whose_address_is_not_known_has_no_line():
    """Nothing is made up."""
    there = Actual(name="fraud", resources=(FunctionUrl(qualifier="live"),))

    assert 1 == len(calls(there, "live", "lambda"))
