"""What every cloud lets go of, and what it does not."""

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import (
    PointAlias,
    RemoveArtifact,
    RemoveVersion,
    RouteAlias,
    garbage,
)
from tests.fakes.tell import silent


def refused(code: str):
    """A context in which an error with *code* is raised."""
    return pytest.raises(ServerlessError, match=rf"\[{code}\]$")


def numbers(control) -> list[str]:
    return [v.number for v in control.cloud.snapshot(control.name).versions]


def test_a_version_that_serves_stays(control):
    """As the primary one, and with any share."""
    control.deploy(0)
    control.deploy(1)
    first, second = numbers(control)
    control.cloud.perform(RouteAlias(control.name, "live", second, ((first, 0.1),)))
    before = control.cloud.snapshot(control.name)

    for number in (first, second):
        with refused("version-in-use"):
            control.cloud.perform(RemoveVersion(control.name, number))

    assert before == control.cloud.snapshot(control.name)


def test_a_version_that_serves_nobody_goes_alone(control):
    """Removing it again changes nothing, and its number is never given again."""
    control.deploy(0)
    control.deploy(1)
    first, second = numbers(control)

    for _ in range(2):
        control.cloud.perform(RemoveVersion(control.name, first))
        assert [second] == numbers(control)

    control.deploy(0)
    assert first not in numbers(control)
    assert 2 == len(numbers(control))


def test_what_a_version_is_made_of_stays(control):
    """Until the version is gone, and the function is made of something else."""
    control.deploy(0)
    artifact = control.cloud.snapshot(control.name).function.artifact
    control.deploy(1)

    with refused("artifact-in-use"):
        control.cloud.perform(RemoveArtifact(control.name, artifact))
    control.cloud.perform(RemoveVersion(control.name, numbers(control)[0]))
    for _ in range(2):
        control.cloud.perform(RemoveArtifact(control.name, artifact))

    assert artifact not in control.cloud.snapshot(control.name).artifacts


def test_garbage_goes_and_the_rest_stays_as_it_is(control):
    """Old versions that an alias names are no garbage; a second time there is none."""
    for artifact in (0, 1, 2):
        control.deploy(artifact)
    have = control.cloud.snapshot(control.name)
    first, _, last = have.versions
    control.cloud.perform(PointAlias(control.name, "old", first.content))
    before = control.cloud.snapshot(control.name)

    apply(garbage(before, keep=1).plan, control.cloud, silent)

    after = control.cloud.snapshot(control.name)
    assert (first, last) == after.versions
    assert (before.aliases, before.function) == (after.aliases, after.function)
    assert not garbage(after, keep=1).plan
