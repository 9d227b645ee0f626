"""What every cloud refuses, with a clear error and nothing changed."""

from dataclasses import replace

import pytest

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import (
    Actual,
    ChangeSettings,
    CreateFunction,
    MakeResource,
    PointAlias,
    ProvisionedConcurrency,
    PublishVersion,
    RemoveResource,
    ReplaceArtifact,
    RouteAlias,
    SetTags,
    plan,
)


def refused(code: str):
    """A context in which an error with *code* is raised."""
    return pytest.raises(ServerlessError, match=rf"\[{code}\]$")


@pytest.mark.parametrize(
    ("primary", "weights"),
    [
        ("$LATEST", ()),
        ("0", (("$LATEST", 0.1),)),
        ("0", (("0", 0.1),)),
        ("0", (("1", 1.1),)),
        ("0", (("1", -0.1),)),
        ("0", (("1", float("nan")),)),
        ("0", (("999999", 0.1),)),
        ("0", (("1", 0.1), ("2", 0.1))),
    ],
)
def test_routings_that_aws_refuses_are_refused(control, primary, weights):
    """Published versions only, one beside the primary, with a share of 0 to 1."""
    for artifact in (0, 1, 2):
        control.deploy(artifact)
    have = control.cloud.snapshot(control.name)
    numbers = {str(i): version.number for i, version in enumerate(have.versions)}
    shares = tuple((numbers.get(n, n), share) for n, share in weights)

    with refused("bad-routing"):
        control.cloud.perform(
            RouteAlias(control.name, "live", numbers.get(primary, primary), shares)
        )

    assert have == control.cloud.snapshot(control.name)


def test_steps_on_nothing_are_refused(control):
    """Only creating and deleting need no function."""
    want = control.want()
    steps = (
        ReplaceArtifact(control.name, control.artifact(0)),
        ChangeSettings(control.name, want.function.settings),
        SetTags(control.name, ()),
        PublishVersion(control.name, "0" * 16, ""),
        PointAlias(control.name, "live", "0" * 16),
        RouteAlias(control.name, "live", "1"),
    )
    for step in steps:
        with refused("no-such-deployment"):
            control.cloud.perform(step)


@pytest.mark.parametrize("name", ["", "a" * 65, "a/b", "a b", "naïve", "../x", "a.b"])
def test_names_that_aws_refuses_are_refused(control, name):
    """Names are held to AWS's rules from the start."""
    function = replace(control.want().function, name=name)

    with refused("bad-name"):
        control.cloud.perform(CreateFunction(function, ()))

    assert name not in control.cloud.names()


@pytest.mark.parametrize("alias", ["", "7", "a b", "a" * 129])
def test_alias_names_that_aws_refuses_are_refused(control, alias):
    """A number alone would be a version."""
    control.deploy()
    (version,) = control.cloud.snapshot(control.name).versions

    with refused("bad-name"):
        control.cloud.perform(PointAlias(control.name, alias, version.content))
    with refused("bad-name"):
        control.cloud.perform(RouteAlias(control.name, alias, version.number))


@pytest.mark.parametrize(
    "wrong",
    [
        {"memory_mb": 127},
        {"memory_mb": 10_241},
        {"timeout_s": 0},
        {"timeout_s": 901},
        {"ephemeral_mb": 511},
        {"concurrency": -1},
        {"environment": (("KEY", "v" * 4096),)},
        {"environment": (("not-one", "v"),)},
        {"environment": (("AWS_LAMBDA_RUNTIME_API", "x"),)},
        {"tags": (("aws:mine", ""),)},
        {"tags": (("k", "v" * 257),)},
        {"tags": tuple((f"k{i:02}", "") for i in range(51))},
        {"note": "n" * 257},
    ],
)
def test_settings_beyond_the_limits_are_refused(control, wrong):
    """With every mistake named, and nothing changed."""
    want = control.want(**wrong)

    with refused("bad-settings"):
        plan(want, control.cloud.snapshot(control.name))
    if not want.note:
        with refused("bad-settings"):
            control.cloud.perform(CreateFunction(want.function, want.tags))

    assert Actual(name=control.name) == control.cloud.snapshot(control.name)


def test_publishing_what_the_function_is_not_is_refused(control):
    """If somebody changed the function meanwhile, nothing is published."""
    control.deploy()

    with refused("deployment-moved"):
        control.cloud.perform(PublishVersion(control.name, "f" * 16, ""))

    assert len(control.cloud.snapshot(control.name).versions) == 1


def test_pointing_at_what_was_never_published_is_refused(control):
    """An alias stands for a version that is there."""
    control.deploy()

    with refused("no-such-version"):
        control.cloud.perform(PointAlias(control.name, "next", "0" * 16))


def test_creating_over_another_function_is_a_conflict(control):
    """A name that is taken is not taken over."""
    control.deploy()
    other = control.want(1)

    with refused("function-exists"):
        control.cloud.perform(CreateFunction(other.function, ()))

    assert control.want().function == control.cloud.snapshot(control.name).function


@pytest.mark.parametrize("control", ["fake", "aws"], indirect=True)
def test_an_alias_that_is_kept_started_shares_no_traffic(control):
    """
    Provisioned concurrency goes onto the versions first; a version has it but once.
    """
    for artifact in (0, 1):
        control.deploy(artifact)
    old, new = (v.number for v in control.cloud.snapshot(control.name).versions)

    def kept(qualifier: str) -> MakeResource:
        resource = ProvisionedConcurrency(qualifier=qualifier, count=1)
        return MakeResource(control.name, resource)

    share = RouteAlias(control.name, "live", new, ((old, 0.1),))
    control.cloud.perform(kept("live"))
    with refused("bad-routing"):
        control.cloud.perform(share)
    with pytest.raises(ServerlessError):
        control.cloud.perform(kept(new))
    alone = ProvisionedConcurrency(qualifier="live", count=1)
    control.cloud.perform(RemoveResource(control.name, alone))
    for _ in range(2):
        control.cloud.perform(kept(new))
        control.cloud.perform(kept(old))
    control.cloud.perform(share)

    assert ((old, 0.1),) == control.cloud.snapshot(control.name).alias("live").weights
    with pytest.raises(ServerlessError):
        control.cloud.perform(kept("live"))
