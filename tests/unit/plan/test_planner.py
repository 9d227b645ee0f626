"""The planner's sentences, one case each."""

from dataclasses import replace

import pytest

from mlflow_serverless.plan import (
    Actual,
    Alias,
    ChangeResource,
    ChangeSettings,
    CreateFunction,
    DeleteFunction,
    Desired,
    Foreign,
    Function,
    FunctionUrl,
    HttpApi,
    LogGroup,
    Mount,
    PointAlias,
    PublishVersion,
    PutArtifact,
    ReplaceArtifact,
    Repository,
    Role,
    RouteAlias,
    SetTags,
    Settings,
    Version,
    content_of,
    plan,
    plan_removal,
)
from mlflow_serverless.plan.errors import BadNameError, BadSettingsError, ForeignError

FUNCTION = Function(
    name="it", artifact="sha256:a", settings=Settings(memory_mb=128, timeout_s=3)
)
WANT = Desired(function=FUNCTION, note="note", tags=(("a", "b"),))
CONTENT = content_of(FUNCTION)
HAVE = Actual(
    name="it",
    function=FUNCTION,
    versions=(
        Version(
            number="4", content=CONTENT, artifact="sha256:a", settings=FUNCTION.settings
        ),
    ),
    aliases=(Alias(name="live", version="4", revision="r4"),),
    tags=WANT.tags,
)


def test_a_new_deployment_is_created_published_and_pointed_at():
    """In this order."""
    steps = plan(WANT, Actual(name="it")).steps

    assert (
        PutArtifact("it", "sha256:a"),
        CreateFunction(FUNCTION, WANT.tags),
        PublishVersion("it", CONTENT, "note"),
        PointAlias("it", "live", CONTENT, ""),
    ) == steps


def test_what_agrees_needs_nothing():
    """And an empty plan is false."""
    assert not plan(WANT, HAVE)


def test_every_difference_is_one_step():
    """Artifact, settings and tags, then the version, then the alias."""
    settings = replace(FUNCTION.settings, memory_mb=256)
    function = replace(FUNCTION, artifact="sha256:b", settings=settings)
    want = replace(WANT, function=function, tags=())
    content = content_of(function)

    assert (
        PutArtifact("it", "sha256:b"),
        ReplaceArtifact("it", "sha256:b"),
        ChangeSettings("it", settings),
        SetTags("it", ()),
        PublishVersion("it", content, "note"),
        PointAlias("it", "live", content, "r4"),
    ) == plan(want, HAVE).steps


def test_weights_are_ended_by_pointing():
    """A deployment takes all traffic."""
    alias = replace(HAVE.aliases[0], weights=(("3", 0.1),))

    assert (PointAlias("it", "live", CONTENT, "r4"),) == plan(
        WANT, replace(HAVE, aliases=(alias,))
    ).steps


def test_concurrency_is_no_content():
    """It can change without a version."""
    more = replace(FUNCTION, settings=replace(FUNCTION.settings, concurrency=5))

    assert content_of(more) == CONTENT


def test_a_removal_is_one_step_or_none():
    """None where nothing is."""
    assert (DeleteFunction("it"),) == plan_removal(HAVE).steps
    assert not plan_removal(Actual(name="it"))


def test_every_mistake_is_named_at_once():
    """So that they can be put right at once."""
    settings = Settings(memory_mb=1, timeout_s=1000)
    want = replace(WANT, function=replace(FUNCTION, settings=settings), note="n" * 300)

    with pytest.raises(BadSettingsError) as caught:
        plan(want, HAVE)

    for part in ("memory_mb=1 ", "timeout_s=1000 ", "300 characters"):
        assert part in caught.value.message


def test_names_are_checked_before_anything():
    """A plan for a name that cannot be is no plan."""
    with pytest.raises(BadNameError, match="letters, digits"):
        plan(replace(WANT, function=replace(FUNCTION, name="no/name")), HAVE)
    with pytest.raises(BadNameError, match="an alias"):
        plan(replace(WANT, alias="12"), HAVE)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (RouteAlias("it", "live", "1", (("2", 0.05),)), "version 1, 5% to 2"),
        (CreateFunction(FUNCTION, ()), "create function it (128 MB, 3 s)"),
        (
            PointAlias("it", "live", CONTENT),
            f"point it:live at the version with content {CONTENT}",
        ),
    ],
)
def test_steps_read_as_sentences(step, text):
    """They are shown before they are taken."""
    assert text in str(step)


LOG = LogGroup(name="/aws/lambda/it")
ROLE = Role(name="role", trust="{}", policy="{}")
IMAGES = Repository(name="images")
SHARED = Repository(name="everybodys", shared=True)
URL = FunctionUrl(qualifier="live")
API = HttpApi(name="api", qualifier="live")
AROUND = (URL, LOG, API, IMAGES, ROLE)


def kinds(plan_):
    return [
        type(step).__name__ + getattr(getattr(step, "resource", None), "name", "")
        for step in plan_.steps
    ]


def test_what_a_function_needs_is_made_before_it_and_doors_after_its_alias():
    """In whatever order it is wanted."""
    want = replace(WANT, resources=AROUND)

    assert [
        "MakeResource/aws/lambda/it", "MakeResourcerole", "MakeResourceimages",
        "PutArtifact", "CreateFunction", "PublishVersion", "PointAlias",
        "MakeResourcelive", "MakeResourceapi",
    ] == kinds(plan(want, Actual(name="it")))  # fmt: skip


def test_a_resource_that_differs_is_changed_and_one_unwanted_is_removed():
    """Doors before traffic moves, what the function needed last of all."""
    have = replace(HAVE, resources=AROUND)
    other = replace(ROLE, policy='{"a":1}')
    moved = replace(FUNCTION, artifact="sha256:b")
    want = replace(WANT, function=moved, resources=(other, IMAGES))

    assert [
        "ChangeResourcerole", "PutArtifact", "ReplaceArtifact", "PublishVersion",
        "RemoveResourceapi", "RemoveResourcelive", "PointAlias",
        "RemoveResource/aws/lambda/it",
    ] == kinds(plan(want, have))  # fmt: skip


def test_what_somebody_else_made_is_refused_by_name():
    """All of it, and nothing is touched."""
    want = replace(WANT, resources=AROUND)
    have = replace(HAVE, owned=False, foreign=(LOG, API))

    with pytest.raises(ForeignError) as caught:
        plan(want, have)

    assert ("function it", "log group /aws/lambda/it", "HTTP API api") == (
        caught.value.taken
    )
    assert "--adopt" in caught.value.hint


def test_what_is_adopted_is_made_as_it_is_wanted():
    """It is changed, not made: it is there."""
    want = replace(WANT, resources=(LOG,))
    have = replace(HAVE, foreign=(replace(LOG, retention_days=None),))

    assert (ChangeResource("it", LOG),) == plan(want, have, foreign=Foreign.ADOPT).steps


def test_what_others_share_is_used_as_it_is():
    """A repository of somebody else's needs no adoption to be pushed to."""
    want = replace(WANT, resources=(SHARED,))
    have = replace(HAVE, foreign=(replace(SHARED, scan_on_push=False),))

    assert not plan(want, have)
    assert ["ChangeResourceeverybodys"] == kinds(
        plan(want, have, foreign=Foreign.ADOPT)
    )


def test_other_things_under_other_names_are_nobodys_business():
    """Foreign things that are not wanted do not stand in the way."""
    have = replace(HAVE, foreign=(LOG,))

    assert not plan(WANT, have)


def test_a_removal_takes_what_is_ours_in_reverse():
    """What is inside the function goes with it; what is shared stays."""
    have = replace(HAVE, resources=(*AROUND, SHARED), artifacts=("sha256:a",))

    assert [
        "RemoveResourceapi", "DeleteFunction", "RemoveArtifact",
        "RemoveResourceimages", "RemoveResourcerole", "RemoveResource/aws/lambda/it",
    ] == kinds(plan_removal(have))  # fmt: skip


def test_a_removal_of_what_somebody_else_made_is_refused():
    """It was never ours."""
    with pytest.raises(ForeignError, match="function it"):
        plan_removal(replace(HAVE, owned=False))


def test_another_architecture_comes_with_its_artifact():
    """Though the address is the same: an index may hold both."""
    arm = replace(FUNCTION, settings=replace(FUNCTION.settings, architecture="arm64"))

    first, *_ = plan(replace(WANT, function=arm), HAVE).steps

    assert ReplaceArtifact("it", "sha256:a", "arm64") == first


@pytest.mark.parametrize(
    "field",
    [
        {"role": "arn:r"}, {"architecture": "arm64"}, {"kms_key": "arn:k"},
        {"subnets": ("s",)}, {"security_groups": ("g",)}, {"snap_start": True},
        {"mount": Mount(arn="arn:m", path="/mnt/m")}, {"tracing": True},
        {"log_group": "l"}, {"log_format": "JSON"}, {"dead_letter": "arn:d"},
        {"model_url": "s3://b/k"},
    ],
)  # fmt: skip
def test_every_setting_but_concurrency_is_versioned(field):
    """Another one is another version."""
    other = replace(FUNCTION, settings=replace(FUNCTION.settings, **field))

    assert content_of(other) != CONTENT


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"architecture": "mips"}, "architecture 'mips'"),
        ({"subnets": ("s",)}, "both subnets and security groups"),
        ({"mount": Mount(arn="arn:m", path="/srv")}, "begins with /mnt/"),
        ({"mount": Mount(arn="arn:m", path="/mnt/m")}, "needs a private network"),
        ({"snap_start": True, "ephemeral_mb": 513}, "512 MB"),
        ({"snap_start": True, "mount": Mount(arn="arn:m", path="/mnt/m")}, "snapshot"),
    ],
)
def test_settings_that_exclude_each_other_are_no_plan(given_, said):
    """No cloud could make them."""
    function = replace(FUNCTION, settings=replace(FUNCTION.settings, **given_))

    with pytest.raises(BadSettingsError, match=said):
        plan(replace(WANT, function=function), HAVE)
