"""What AWS says, in our words: one code a cause, and what to type."""

import pytest
from botocore import exceptions as boto
from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import explained, explained_by
from mlflow_serverless.errors import Kind, ServerlessError


def said(code: str, message: str = "no", operation: str = "DoIt") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("code", "message", "ours", "kind"),
    [
        ("ExpiredTokenException", "expired", "aws-token-expired", Kind.DENIED),
        ("RequestExpired", "late", "aws-token-expired", Kind.DENIED),
        ("UnrecognizedClientException", "no key", "bad-aws-credentials", Kind.DENIED),
        ("SignatureDoesNotMatch", "no", "bad-aws-credentials", Kind.DENIED),
        ("AccessDenied", "Access Denied", "access-denied", Kind.DENIED),
        ("ThrottlingException", "Rate exceeded", "throttled", Kind.UNAVAILABLE),
        ("TooManyRequestsException", "Rate", "throttled", Kind.UNAVAILABLE),
        (
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
            "role-not-assumable",
            Kind.REFUSED,
        ),
        (
            "InvalidParameterValueException",
            "Source image x does not exist. Provide a valid source image.",
            "image-refused",
            Kind.REFUSED,
        ),
        ("LimitExceededException", "too many", "aws-refused", Kind.REFUSED),
    ],
)
def test_each_refusal_has_a_code_and_says_whose_move_it_is(code, message, ours, kind):
    """Codes are stable; AWS's own words are kept where we have no better."""
    error = explained_by(said(code, message))

    assert (ours, kind) == (error.code, error.kind)
    assert error.hint


@pytest.mark.parametrize(
    "message",
    [
        (
            "User: arn:aws:sts::123456789012:assumed-role/ci/me is not authorized to "
            "perform: lambda:CreateFunction on resource: "
            "arn:aws:lambda:eu-west-1:123456789012:function:fraud because no "
            "identity-based policy allows the lambda:CreateFunction action"
        ),
        (
            "User: arn:aws:sts::123456789012:assumed-role/ci/me is not authorized to "
            "perform: lambda:CreateFunction on resource: "
            "arn:aws:lambda:eu-west-1:123456789012:function:fraud with an explicit deny"
        ),
    ],
)
def test_a_missing_permission_is_named(message):
    """Who may not do what to which resource, and the command that prints the policy."""
    error = explained_by(said("AccessDeniedException", message))

    for part in ("role/ci/me", "lambda:CreateFunction", "function:fraud"):
        assert part in error.message
    assert "mlflow-serverless iam" in error.hint
    assert "lambda:CreateFunction" in error.hint


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (boto.NoCredentialsError(), "no-aws-credentials"),
        (boto.ProfileNotFound(profile="nobody"), "no-aws-credentials"),
        (boto.TokenRetrievalError(provider="sso", error_msg="x"), "no-aws-credentials"),
        (boto.NoRegionError(), "no-aws-region"),
        (boto.EndpointConnectionError(endpoint_url="https://x"), "aws-unreachable"),
        (boto.ConnectionClosedError(endpoint_url="https://x"), "aws-unreachable"),
        (boto.ReadTimeoutError(endpoint_url="https://x"), "aws-unreachable"),
    ],
)
def test_what_happens_before_aws_answers_is_explained(raised, code):
    """No credentials, no region, no network."""

    def act() -> None:
        with explained():
            raise raised

    with pytest.raises(ServerlessError, match=rf"\[{code}\]$"):
        act()
