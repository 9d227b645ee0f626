"""What ends by itself is waited for; nothing else is."""

import pytest
from botocore.exceptions import ClientError

from mlflow_serverless.aws.retry import Pace, ends_by_itself, settled

PACE = Pace(poll_s=0.001, settle_s=0.2)
NOT_YET = (
    "InvalidParameterValueException",
    "The role defined for the function cannot be assumed by Lambda.",
)


def said(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateFunction")


class Calls:
    """A call that is refused a few times first."""

    def __init__(self, *refusals: ClientError) -> None:
        self.refusals, self.made = list(refusals), 0

    def __call__(self, **given: str) -> dict[str, str]:
        self.made += 1
        if self.refusals:
            raise self.refusals.pop(0)
        return given


@pytest.mark.parametrize(
    ("code", "message", "yes"),
    [
        (*NOT_YET, True),
        ("InvalidParameterValueException", "MemorySize must be at most 10240", False),
        (
            "ResourceConflictException",
            (
                "The operation cannot be performed at this time. An update is in "
                "progress for resource: arn"
            ),
            True,
        ),
        ("ResourceConflictException", "Function already exist: fraud", False),
        ("AccessDeniedException", "is not authorized to perform: lambda:X", False),
        (
            "AccessDeniedException",
            (
                "Lambda does not have permission to access the ECR image. Check "
                "the ECR permissions."
            ),
            True,
        ),
        ("KMSAccessDeniedException", "Lambda was unable to decrypt", True),
        ("ResourceNotFoundException", "Function not found", False),
    ],
)
def test_not_yet_is_told_from_no(code, message, yes):
    """By AWS's code together with what it says, as one code means many things."""
    assert yes is ends_by_itself(said(code, message))


def test_not_yet_is_asked_again_until_it_is():
    """With the same parameters."""
    calls = Calls(*(said(*NOT_YET) for _ in range(3)))

    assert {"Role": "it"} == settled(calls, PACE, Role="it")
    assert 4 == calls.made


def test_no_is_taken_at_once():
    """A refusal that will not change is not asked for twice."""
    calls = Calls(said("ResourceNotFoundException", "gone"))

    with pytest.raises(ClientError, match="gone"):
        settled(calls, PACE)
    assert 1 == calls.made


def test_waiting_ends():
    """What stays so for too long is an error, AWS's own."""
    calls = Calls(*(said(*NOT_YET) for _ in range(10_000)))

    with pytest.raises(ClientError, match="cannot be assumed"):
        settled(calls, PACE)
    assert 1 < calls.made < 10_000
