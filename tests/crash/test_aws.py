"""AWS: killed anywhere in an apply, the next one ends in the same place."""

from __future__ import annotations

import itertools
import json
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from mlflow_serverless.apply import ApplyError, apply
from mlflow_serverless.local import Setup
from mlflow_serverless.plan import (
    HttpApi,
    LogGroup,
    ProvisionedConcurrency,
    Repository,
    Role,
    content_of,
    names,
    plan,
    plan_removal,
)
from tests.fakes.aws.account import PACE, access_to, allow, cloud_of, furnish, wanted
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.server import Aws
from tests.fakes.tell import silent

pytestmark = pytest.mark.slow

RUNTIME = Path(__file__).parents[1] / "fakes" / "runtime.py"
HASTY = replace(PACE, attempts=1, settle_s=2)
"""A process that dies does not ask again."""

LOST = [Fault.REQUEST_LOST, Fault.RESPONSE_LOST]

READING = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::it/*"]
    }],
})  # fmt: skip


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """The stand-in, furnished."""
    setup = Setup(runtime=RUNTIME, idle_s=30)
    with Aws(tmp_path_factory.mktemp("aws"), setup) as made:
        furnish(access_to(made))
        yield made


@pytest.fixture(autouse=True)
def healed(aws):
    """What goes wrong ends with the test."""
    yield
    aws.faults.heal()


def named() -> str:
    return f"it-{uuid.uuid4().hex[:8]}"


def around(name: str):
    """What stands around a function: the kinds that take several calls."""
    tags = ((names.OWNER, name),)
    trust = allow("lambda.amazonaws.com", "sts:AssumeRole")
    return (
        LogGroup(name=names.log_group(name), tags=tags),
        Role(
            name=names.role(name, "us-east-1"), trust=trust,
            policy=READING, tags=tags,
        ),
        Repository(
            name=names.repository(name), tags=tags,
            policy=allow("lambda.amazonaws.com", "ecr:BatchGetImage"),
        ),
        ProvisionedConcurrency(qualifier="live", count=1),
        HttpApi(name=names.api(name), qualifier="live", tags=tags),
    )  # fmt: skip


def first(access, name, resources=()):
    return wanted(access, name, 1, concurrency=5, resources=resources, note="one")


def second(access, name, resources=()):
    """All that can change about a function does."""
    return wanted(
        access, name, 2, memory_mb=512, tags=(("team", "fraud"),), note="two",
        environment=(("KEY", "value"),), resources=resources,
    )  # fmt: skip


def deploy(aws, want, pace=PACE):
    cloud = cloud_of(aws, pace)
    have = cloud.snapshot(want.function.name, wanted=want.resources)
    apply(plan(want, have), cloud, silent)
    return cloud.snapshot(want.function.name, wanted=want.resources)


def killed(aws, steps, number: int, fault: Fault) -> bool:
    """Let an apply die in its *number*-th write; False if it has fewer."""
    aws.faults.die_at(number, fault)
    try:
        apply(steps, cloud_of(aws, HASTY), silent)
    except ApplyError as stopped:
        code = stopped.cause.code
    else:
        return False
    finally:
        aws.faults.heal()
    assert "aws-unreachable" == code
    return True


def planned(aws, want):
    """What is left to do."""
    have = cloud_of(aws).snapshot(want.function.name, wanted=want.resources)
    return plan(want, have)


def sound(have) -> None:
    """No alias stands for what is not there; no content was published twice."""
    for alias in have.aliases:
        assert have.version(alias.version) is not None
    contents = [version.content for version in have.versions]
    assert len(set(contents)) == len(contents)


@pytest.mark.parametrize("fault", LOST)
def test_a_killed_create_is_finished_by_the_next(aws, fault):
    """In whatever call it dies, and on whichever side of it."""
    access = access_to(aws)
    for number in itertools.count():
        name = named()
        want = first(access, name)
        died = killed(aws, planned(aws, want), number, fault)
        sound(cloud_of(aws).snapshot(name))

        have = deploy(aws, want)

        notes = tuple(version.note for version in have.versions)
        assert (want.function, ("one",)) == (have.function, notes)
        assert have.serves("live", content_of(want.function))
        assert not plan(want, have)
        if not died:
            break
    assert number >= 5


@pytest.mark.parametrize("fault", LOST)
def test_a_killed_update_serves_on_and_is_finished_by_the_next(aws, fault):
    """The alias stands for a whole version at every moment, the old one or the new."""
    access = access_to(aws)
    for number in itertools.count():
        name = named()
        before, want = first(access, name), second(access, name)
        deploy(aws, before)
        died = killed(aws, planned(aws, want), number, fault)
        have = cloud_of(aws).snapshot(name)
        sound(have)
        old, new = content_of(before.function), content_of(want.function)
        assert have.serves("live", old) or have.serves("live", new)

        have = deploy(aws, want)

        assert (want.function, want.tags) == (have.function, have.tags)
        assert ("one", "two") == tuple(v.note for v in have.versions)
        assert have.serves("live", new)
        assert not plan(want, have)
        if not died:
            break
    assert number >= 7


def test_what_stands_around_is_finished_by_the_next(aws):
    """Nothing is made twice, nothing is left half-made, and all of it goes again."""
    access, name = access_to(aws), named()
    bare = first(access, name)
    deploy(aws, bare)
    want = first(access, name, around(name))
    for number in itertools.count():
        died = killed(aws, planned(aws, want), number, LOST[number % 2])

        have = deploy(aws, want)

        assert set(want.resources) == set(have.resources)
        assert len(want.resources) == len(have.resources)
        assert not plan(want, have)
        if not died:
            break
        apply(planned(aws, bare), cloud_of(aws), silent)
    assert number >= 12


def test_a_killed_delete_is_finished_by_the_next(aws):
    """And leaves nothing of ours behind."""
    access = access_to(aws)
    for number in itertools.count():
        name = named()
        deploy(aws, first(access, name, around(name)))
        removal = plan_removal(cloud_of(aws).snapshot(name))
        died = killed(aws, removal, number, LOST[number % 2])

        apply(plan_removal(cloud_of(aws).snapshot(name)), cloud_of(aws), silent)

        left = cloud_of(aws).snapshot(name, wanted=around(name))
        found = left.function, left.resources, left.foreign, left.artifacts
        assert (None, (), (), ()) == found
        if not died:
            break
    assert number >= 5


@pytest.mark.parametrize(
    "fault", [Fault.RESPONSE_LOST, Fault.REQUEST_LOST, Fault.THROTTLED, Fault.BROKEN]
)
def test_one_mishap_is_not_noticed(aws, fault):
    """A call that is lost or refused once is made again, and done once."""
    access, name = access_to(aws), named()
    want = second(access, name)
    deploy(aws, first(access, name))
    actions = (
        "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
        "lambda:PublishVersion", "lambda:UpdateAlias",
    )  # fmt: skip
    left = set(actions)
    aws.faults.decide = lambda call: (
        left.remove(str(call)) or fault if str(call) in left else None
    )

    have = deploy(aws, want)

    assert not left
    assert ("one", "two") == tuple(v.note for v in have.versions)
    assert have.serves("live", content_of(want.function))
    assert not plan(want, have)


def test_a_create_that_cannot_run_leaves_nothing(aws):
    """Lambda accepts an image and then cannot run it: the function goes again."""
    name = named()
    want = first(access_to(aws), name)
    aws.shelf.failures.append(("InvalidImage", "no such entry point"))

    with pytest.raises(ApplyError, match="no such entry point") as stopped:
        deploy(aws, want)

    assert stopped.value.cause.code == "function-failed"
    assert cloud_of(aws).snapshot(name).function is None
    assert deploy(aws, want).function == want.function


def test_an_update_that_cannot_run_is_put_right_by_the_next(aws):
    """The old version serves on, nothing is published, and the update is made again."""
    access, name = access_to(aws), named()
    deploy(aws, first(access, name))
    want = second(access, name)
    aws.shelf.failures.append(("ImageAccessDenied", "no permission to pull"))

    with pytest.raises(ApplyError) as stopped:
        deploy(aws, want)

    assert stopped.value.cause.code == "function-failed"
    have = cloud_of(aws).snapshot(name)
    assert have.serves("live", content_of(first(access, name).function))
    assert ("one",) == tuple(v.note for v in have.versions)
    assert ("one", "two") == tuple(v.note for v in deploy(aws, want).versions)
