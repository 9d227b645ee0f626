"""What steps around a function mean, and what they refuse."""

from dataclasses import replace

import pytest

from mlflow_serverless.plan import (
    Actual,
    Alias,
    ChangeResource,
    DeleteFunction,
    Fresh,
    Function,
    FunctionUrl,
    LogGroup,
    MakeResource,
    ProvisionedConcurrency,
    PutArtifact,
    RemoveAlias,
    RemoveArtifact,
    RemoveResource,
    RemoveVersion,
    ReplaceArtifact,
    SetTags,
    Settings,
    Version,
    after,
    garbage,
)
from mlflow_serverless.plan.errors import (
    ArtifactInUseError,
    ForeignError,
    NoSuchFunctionError,
    VersionInUseError,
)

FRESH = Fresh(number="9", revision="r9", created="now")
SETTINGS = Settings(memory_mb=128, timeout_s=3)


def version(number: int, artifact: str, **given) -> Version:
    settings = replace(SETTINGS, **given)
    return Version(
        number=str(number), content=f"c{number}", artifact=artifact, settings=settings
    )


HAVE = Actual(
    name="it",
    function=Function(name="it", artifact="d", settings=SETTINGS),
    versions=tuple(version(n, a) for n, a in enumerate("abcd", 1)),
    aliases=(
        Alias(name="live", version="2", weights=(("3", 0.1),)),
        Alias(name="old", version="1"),
    ),
    artifacts=("a", "b", "c", "d", "x"),
    resources=(LogGroup(name="log"), FunctionUrl(qualifier="old")),
)


@pytest.mark.parametrize("number", ["1", "2", "3"])
def test_a_version_that_serves_cannot_go(number):
    """Whether it is primary, or has a share."""
    with pytest.raises(VersionInUseError):
        after(RemoveVersion("it", number), HAVE, FRESH)


def test_a_version_that_serves_nobody_can_go_with_what_is_kept_started_for_it():
    """And the rest stays as it was."""
    kept = ProvisionedConcurrency(qualifier="4", count=1)
    have = replace(HAVE, resources=(*HAVE.resources, kept))

    made = after(RemoveVersion("it", "4"), have, FRESH)

    assert replace(HAVE, versions=HAVE.versions[:3]) == made


def test_an_artifact_in_use_cannot_go():
    """Nor the model that a version fetches."""
    with pytest.raises(ArtifactInUseError):
        after(RemoveArtifact("it", "a"), HAVE, FRESH)
    fetching = replace(HAVE, versions=(version(1, "a", model_url="x"),))
    with pytest.raises(ArtifactInUseError):
        after(RemoveArtifact("it", "x"), fetching, FRESH)

    assert "x" not in after(RemoveArtifact("it", "x"), HAVE, FRESH).artifacts


def test_an_alias_goes_with_its_doors():
    """A URL of an alias that is not there could not be called."""
    made = after(RemoveAlias("it", "old"), HAVE, FRESH)

    assert (LogGroup(name="log"),) == made.resources


def test_deleting_leaves_what_is_around():
    """It is removed by steps of its own."""
    expected = Actual(
        name="it", artifacts=HAVE.artifacts, resources=(LogGroup(name="log"),)
    )

    assert expected == after(DeleteFunction("it"), HAVE, FRESH)


def test_what_is_somebody_elses_is_changed_only_by_taking_it_over():
    """Making it is refused."""
    log = LogGroup(name="theirs")
    have = replace(HAVE, foreign=(log,))

    with pytest.raises(ForeignError, match="theirs"):
        after(MakeResource("it", log), have, FRESH)
    made = after(ChangeResource("it", replace(log, retention_days=1)), have, FRESH)

    assert () == made.foreign
    assert replace(log, retention_days=1) in made.resources
    assert have == after(RemoveResource("it", log), have, FRESH)


def test_a_door_needs_a_function():
    """What stands before one does not."""
    empty = Actual(name="it")

    with pytest.raises(NoSuchFunctionError):
        after(MakeResource("it", FunctionUrl(qualifier="live")), empty, FRESH)
    assert after(MakeResource("it", LogGroup(name="l")), empty, FRESH).resources
    assert ("a",) == after(PutArtifact("it", "a"), empty, FRESH).artifacts


def test_tagging_takes_a_function_over():
    """Its tags say whose it is."""
    assert after(SetTags("it", ()), replace(HAVE, owned=False), FRESH).owned


def test_an_artifact_brings_its_architecture():
    """Into the settings; if it says none, they stay."""
    made = after(ReplaceArtifact("it", "b", "arm64"), HAVE, FRESH)

    assert ("b", "arm64") == (
        made.function.artifact,
        made.function.settings.architecture,
    )
    again = after(ReplaceArtifact("it", "c"), made, FRESH)
    assert "arm64" == again.function.settings.architecture


def test_garbage_is_what_nobody_needs():
    """Versions that serve, or are among the newest, stay with their artifacts."""
    idle = tuple(version(n, a) for n, a in enumerate("efg", 5))
    have = replace(HAVE, versions=(*HAVE.versions, *idle))

    found = garbage(have, keep=2)

    assert (
        RemoveVersion("it", "4"), RemoveVersion("it", "5"), RemoveArtifact("it", "x"),
    ) == found.plan.steps  # fmt: skip
    assert (
        ("1", "old sends it traffic"),
        ("2", "live sends it traffic"),
        ("3", "live sends it traffic"),
        ("6", "one of the 2 newest"),
        ("7", "one of the 2 newest"),
    ) == found.kept


def test_the_functions_own_artifact_is_no_garbage():
    """Its version may be gone; an update may start from it."""
    have = replace(HAVE, versions=HAVE.versions[:3])

    assert RemoveArtifact("it", "d") not in garbage(have, keep=1).plan.steps


def test_what_is_kept_started_stays():
    """Somebody pays for it."""
    kept = ProvisionedConcurrency(qualifier="4", count=1)
    idle = version(5, "e")
    have = replace(HAVE, versions=(*HAVE.versions, idle), resources=(kept,))

    assert ("4", "environments are kept started for it") in garbage(have, keep=1).kept
