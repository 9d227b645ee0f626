"""The planner's sentences, one case each."""

from dataclasses import replace

import pytest

from mlflow_serverless.plan import (
    Actual,
    Alias,
    ChangeSettings,
    CreateFunction,
    DeleteFunction,
    Desired,
    Function,
    PointAlias,
    PublishVersion,
    PutArtifact,
    ReplaceArtifact,
    RouteAlias,
    SetTags,
    Settings,
    Version,
    content_of,
    plan,
    plan_removal,
)
from mlflow_serverless.plan.errors import BadNameError, BadSettingsError

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
            f"point it:live at the version with {CONTENT}",
        ),
    ],
)
def test_steps_read_as_sentences(step, text):
    """They are shown before they are taken."""
    assert text in str(step)
