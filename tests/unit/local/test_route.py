"""Which version answers, as a pure function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_serverless.local.route import choose, contents
from mlflow_serverless.plan import (
    Actual,
    Alias,
    Function,
    Settings,
    Version,
    content_of,
)
from mlflow_serverless.plan.errors import NoSuchFunctionError, NoSuchVersionError


def world(*weights: tuple[str, float]) -> Actual:
    settings = Settings(memory_mb=128, timeout_s=3, concurrency=7)
    versions = tuple(
        Version(number=n, content=f"c{n}", artifact=f"sha256:{n}", settings=settings)
        for n in ("1", "2")
    )
    return Actual(
        name="it",
        function=Function(name="it", artifact="sha256:x", settings=settings),
        versions=versions,
        aliases=(Alias(name="live", version="1", weights=weights),),
    )


@given(
    share=st.floats(0, 1), draw=st.floats(0, 1, exclude_max=True, allow_subnormal=False)
)
def test_a_share_of_the_draws_goes_to_the_other_version(share, draw):
    """Exactly the draws below the share."""
    target = choose(world(("2", share)), "live", draw)

    assert ("2" if draw < share else "1") == target.version


def test_a_version_brings_its_own_artifact_and_the_functions_concurrency():
    """Concurrency is not versioned."""
    target = choose(world(), "2", 0.5)

    assert (
        target.artifact,
        target.content,
        target.concurrency,
    ) == ("sha256:2", "c2", 7)


def test_latest_is_the_function_itself():
    """Its key changes with its content, so that old environments are not used."""
    have = world()

    target = choose(have, "$LATEST", 0.5)

    assert ("sha256:x", content_of(have.function)) == (target.artifact, target.content)
    assert target.key in contents(have)


def test_what_is_not_there_is_told_with_what_is():
    """The error lists what may be asked for."""
    with pytest.raises(NoSuchVersionError, match="it has: live, 1, 2"):
        choose(world(), "next", 0.5)
    with pytest.raises(NoSuchFunctionError):
        choose(Actual(name="it"), "live", 0.5)
    assert frozenset() == contents(Actual(name="it"))
