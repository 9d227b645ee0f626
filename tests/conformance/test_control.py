"""What every cloud's control plane does."""

from dataclasses import replace

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import (
    Actual,
    ChangeSettings,
    CreateFunction,
    DeleteFunction,
    PointAlias,
    PublishVersion,
    PutArtifact,
    RemoveAlias,
    ReplaceArtifact,
    RouteAlias,
    SetTags,
    content_of,
    plan,
    plan_removal,
)
from tests.fakes.tell import silent


def refused(code: str):
    """A context in which an error with *code* is raised."""
    return pytest.raises(ServerlessError, match=rf"\[{code}\]$")


def changed_nothing(control, step) -> bool:
    before = control.cloud.snapshot(control.name)
    control.cloud.perform(step)
    return before == control.cloud.snapshot(control.name)


def test_nothing_is_there_before_anything_is_made(control):
    """Looking at a name that nothing has is no error."""
    assert Actual(name=control.name) == control.cloud.snapshot(control.name)
    assert control.name not in control.cloud.names()


def test_a_deployment_is_what_was_wanted(control):
    """What is there after an apply compares equal with what was wanted."""
    want = control.want(note='{"model":"models:/it/1"}', tags=(("team", "fraud"),))
    control.deploy(note=want.note, tags=want.tags)

    have = control.cloud.snapshot(control.name)
    (version,) = have.versions

    assert (want.function, want.tags) == (have.function, have.tags)
    assert (want.note, content_of(want.function)) == (version.note, version.content)
    assert want.function.settings == version.settings
    assert version.number == have.alias("live").version
    assert not plan(want, have)
    assert control.name in control.cloud.names()


def test_names_are_sorted_and_complete(control):
    """Every deployment is listed, in order."""
    for tail in ("b", "a"):
        other = replace(control, name=f"{control.name}-{tail}")
        other.deploy()

    mine = [n for n in control.cloud.names() if n.startswith(control.name)]

    assert [f"{control.name}-a", f"{control.name}-b"] == mine
    assert sorted(control.cloud.names()) == list(control.cloud.names())


def test_every_step_taken_again_changes_nothing(control):
    """Each step is idempotent."""
    control.deploy(0)
    want = control.want(1, memory_mb=512, tags=(("a", "b"),))
    content = content_of(want.function)
    steps = (
        PutArtifact(control.name, want.function.artifact),
        ReplaceArtifact(control.name, want.function.artifact),
        ChangeSettings(control.name, want.function.settings),
        SetTags(control.name, want.tags),
        PublishVersion(control.name, content, ""),
        PointAlias(control.name, "live", content),
        CreateFunction(want.function, want.tags),
        RouteAlias(control.name, "live", *two_versions(control), (), "note"),
    )
    for step in steps:
        control.cloud.perform(step)

        assert changed_nothing(control, step), step


def two_versions(control) -> list[str]:
    return [control.cloud.snapshot(control.name).versions[0].number]


def test_published_versions_never_change(control):
    """Whatever happens to the function, what was published stays."""
    control.deploy(0)
    (first,) = control.cloud.snapshot(control.name).versions
    control.deploy(1, memory_mb=1024)
    control.deploy(0, timeout_s=7)

    versions = control.cloud.snapshot(control.name).versions

    assert first == versions[0]
    assert len({version.number for version in versions}) == 3
    numbers = [int(version.number) for version in versions]
    assert sorted(numbers) == numbers


def test_going_back_publishes_nothing(control):
    """A content that was published before is served by the version that holds it."""
    for artifact in (0, 1, 0):
        control.deploy(artifact)

    have = control.cloud.snapshot(control.name)

    assert len(have.versions) == 2
    assert have.versions[0].number == have.alias("live").version


def test_concurrency_is_changed_without_a_version(control):
    """Concurrency belongs to the function, not to its versions."""
    control.deploy()
    control.deploy(concurrency=3)

    have = control.cloud.snapshot(control.name)

    assert have.function.settings.concurrency == 3
    assert len(have.versions) == 1


def test_weights_are_kept_and_change_the_revision(control):
    """Routing, note and revision move together."""
    control.deploy(0)
    control.deploy(1)
    have = control.cloud.snapshot(control.name)
    old, new = (version.number for version in have.versions)
    before = have.alias("live").revision

    control.cloud.perform(
        RouteAlias(control.name, "live", old, ((new, 0.25),), "5%", before)
    )

    alias = control.cloud.snapshot(control.name).alias("live")
    assert (old, ((new, 0.25),), "5%") == (alias.version, alias.weights, alias.note)
    assert before != alias.revision


def test_pointing_an_alias_ends_its_weights(control):
    """An apply leaves all traffic on one version."""
    control.deploy(0)
    control.deploy(1)
    old, new = (v.number for v in control.cloud.snapshot(control.name).versions)
    control.cloud.perform(RouteAlias(control.name, "live", old, ((new, 0.5),)))

    control.deploy(1)

    alias = control.cloud.snapshot(control.name).alias("live")
    assert (new, ()) == (alias.version, alias.weights)


def test_an_alias_that_was_moved_meanwhile_stays(control):
    """An update that carries an old revision is refused: no update is lost."""
    control.deploy(0)
    control.deploy(1)
    have = control.cloud.snapshot(control.name)
    first, second = have.versions
    revision = have.alias("live").revision
    control.cloud.perform(PointAlias(control.name, "live", first.content, revision))

    with refused("alias-moved"):
        control.cloud.perform(
            RouteAlias(control.name, "live", second.number, (), "", revision)
        )
    with refused("alias-moved"):
        control.cloud.perform(
            PointAlias(control.name, "live", second.content, revision)
        )

    alias = control.cloud.snapshot(control.name).alias("live")
    assert first.number == alias.version


def test_an_alias_that_appeared_meanwhile_stays(control):
    """A plan made before the alias was there does not take it over."""
    control.deploy(0)
    control.deploy(1)
    first = control.cloud.snapshot(control.name).versions[0]

    with refused("alias-moved"):
        control.cloud.perform(PointAlias(control.name, "live", first.content, ""))


def test_an_alias_can_be_removed_and_its_versions_stay(control):
    """Removing it again changes nothing; the others stay where they are."""
    control.deploy()
    have = control.cloud.snapshot(control.name)
    (version,) = have.versions
    control.cloud.perform(PointAlias(control.name, "next", version.content))

    for _ in range(2):
        control.cloud.perform(RemoveAlias(control.name, "next"))
        assert have == control.cloud.snapshot(control.name)


def test_tags_are_replaced_as_a_whole(control):
    """After setting tags there are exactly these."""
    control.deploy(tags=(("a", "1"), ("b", "2")))
    control.deploy(tags=(("b", "3"),))

    assert control.cloud.snapshot(control.name).tags == (("b", "3"),)


def test_deleting_is_idempotent_and_complete(control):
    """Nothing of the deployment is left; deleting nothing is no error."""
    control.deploy()

    apply(plan_removal(control.cloud.snapshot(control.name)), control.cloud, silent)

    for _ in range(2):
        control.cloud.perform(DeleteFunction(control.name))
        assert Actual(name=control.name) == control.cloud.snapshot(control.name)
    assert not plan_removal(control.cloud.snapshot(control.name))

    assert control.name not in control.cloud.names()


def test_version_numbers_are_never_used_again(control):
    """Not even after the function was deleted."""
    control.deploy()
    (before,) = control.cloud.snapshot(control.name).versions
    control.cloud.perform(DeleteFunction(control.name))
    control.deploy()
    (now,) = control.cloud.snapshot(control.name).versions

    assert int(before.number) < int(now.number)
