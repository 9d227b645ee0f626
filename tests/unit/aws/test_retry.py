"""What ends by itself is waited for, and what is not there is no error; all else is."""

import pytest
from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import SlowError
from mlflow_serverless.aws.keeper import all_of, retag, unless_missing
from mlflow_serverless.aws.retry import Pace, await_gone, ends_by_itself, settled

PACE = Pace(poll_s=0.001, settle_s=0.2, wait_s=0.05)
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


def test_what_goes_is_waited_for_and_what_stays_is_an_error():
    """A deletion that never ends must not hold whoever asked for it."""
    left = [{}, {}]
    await_gone(lambda: left.pop() if left else None, "the deletion of churn", PACE)

    assert [] == left
    with pytest.raises(SlowError, match=r"the deletion of churn .* 0 s"):
        await_gone(dict, "the deletion of churn", PACE)


GONE = said("ResourceNotFoundException", "Function not found")
THEIRS = said("NotFoundException", "Invalid API identifier")


def test_what_is_not_there_is_none_and_all_else_is_raised():
    """By the codes that every service has, and those that are named."""
    assert {"Name": "a"} == unless_missing(Calls(), Name="a")
    assert unless_missing(Calls(GONE), Name="a") is None
    assert unless_missing(Calls(THEIRS), "NotFoundException", Name="a") is None
    with pytest.raises(ClientError, match="Invalid API identifier"):
        unless_missing(Calls(THEIRS), Name="a")


class Lists:
    """A client whose listing has two pages, or is refused on the second."""

    def __init__(self, *refusals: ClientError) -> None:
        self.refusals = refusals

    def get_paginator(self, operation):
        assert "list_things" == operation
        return self

    def paginate(self, **which):
        yield {"Things": [which]}
        for refusal in self.refusals:
            raise refusal
        yield {"Things": [2, 3]}


def test_a_listing_is_whole_or_none_of_it():
    """Of what goes while it is listed nothing is left."""
    assert [{"Of": "a"}, 2, 3] == all_of(Lists(), "list_things", "Things", Of="a")
    assert [] == all_of(Lists(GONE), "list_things", "Things", Of="a")
    with pytest.raises(ClientError, match="Invalid API identifier"):
        all_of(Lists(THEIRS), "list_things", "Things", Of="a")


class Tagged:
    """A client that keeps the tags of one thing, and counts calls."""

    def __init__(self, **tags: str) -> None:
        self.tags, self.calls = tags, 0

    def untag_resource(self, *, TagKeys, Arn):  # noqa: N803 - AWS's names
        self.calls += 1
        for key in TagKeys:
            del self.tags[key]

    def tag_resource(self, *, Tags, Arn):  # noqa: N803 - AWS's names
        self.calls += 1
        self.tags |= {tag["Key"]: tag["Value"] for tag in Tags}


@pytest.mark.parametrize(
    ("there", "made", "calls"),
    [
        ({"a": "1"}, {"a": "1"}, 0),
        ({"a": "1", "b": "2"}, {"a": "1"}, 2),
        ({"a": "1"}, {"a": "2", "c": "3"}, 1),
        ({"a": "1"}, {}, 1),
        ({}, {}, 0),
    ],
)
def test_tags_are_made_just_these(there, made, calls):
    """And what has them already is left alone."""
    client = Tagged(**there)

    retag(client, dict(there), tuple(sorted(made.items())), Arn="arn")

    assert (made, calls) == (client.tags, client.calls)
