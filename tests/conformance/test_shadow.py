"""The embedded cloud mirrors requests to a candidate, with the real runtime."""

import json
import time
from pathlib import Path

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.local import LocalCloud, stop
from mlflow_serverless.plan import (
    Desired,
    Function,
    PublishVersion,
    ReplaceArtifact,
    RouteAlias,
    Settings,
    content_of,
    plan,
)
from tests.conformance.test_real_runtime import linear, rows
from tests.fakes.bundles import keep
from tests.fakes.tell import silent

pytestmark = pytest.mark.emulator

NAME = "shadowed"


def note(share: float) -> str:
    return json.dumps({"r": 1, "b": "1", "c": "2", "s": "s", "m": share})


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """Version 1 serves; version 2 answers a little differently, and is not served."""
    root: Path = tmp_path_factory.mktemp("shadow")
    cloud = LocalCloud(root / "home")
    settings = Settings(
        memory_mb=512, timeout_s=5,
        environment=(
            ("MLFLOW_SERVERLESS_SHADOW", "live"),
            ("MLFLOW_SERVERLESS_SHADOW_TOLERANCE", "0.01"),
        ),
    )  # fmt: skip
    artifacts = [
        keep(cloud, linear(root / str(n), bias)) for n, bias in ((1, 0), (2, 5))
    ]
    first, second = (
        Function(name=NAME, artifact=a, settings=settings) for a in artifacts
    )
    apply(plan(Desired(function=first), cloud.snapshot(NAME)), cloud, silent)
    cloud.perform(ReplaceArtifact(NAME, second.artifact))
    cloud.perform(PublishVersion(NAME, content_of(second), ""))
    yield cloud
    stop(root / "home")


def shadowed(cloud, count: int) -> list[dict]:
    """Metric lines of shadow requests, once there are *count* or it takes too long."""
    deadline = time.monotonic() + 20
    while True:
        lines = [line for line in cloud.metrics(NAME) if line.get("Shadow")]
        if len(lines) >= count or time.monotonic() > deadline:
            return lines
        time.sleep(0.1)


def settled(cloud) -> int:
    """How many shadow requests there were, once no more come."""
    seen = -1
    while (now := len(shadowed(cloud, 0))) != seen:
        seen = now
        time.sleep(0.7)
    return seen


def test_requests_through_the_alias_are_held_against_the_candidates_answers(cloud):
    """All callers get version 1's answer; version 2 says how its own differ."""
    cloud.perform(RouteAlias(NAME, "live", "1", note=note(1.0)))
    for n in range(6):
        reply = cloud.invoke(NAME, rows((n, 1), (n, 2)))
        assert "1" == reply.version

    lines = shadowed(cloud, 3)

    assert {"2"} == {line["FunctionVersion"] for line in lines}
    assert {(2, 2)} == {(line["Compared"], line["Disagreed"]) for line in lines}
    assert all(line["Distance"] > 0.1 and line["SameShape"] for line in lines)
    assert all(line["Status"] == 200 and line["ServedUs"] > 0 for line in lines)
    assert all(sum(line["Outputs"].values()) == 2 for line in lines)
    assert "Pair" not in lines[0]


def test_what_is_asked_of_a_version_by_its_number_is_not_mirrored(cloud):
    """A smoke test, or another shadow, is nobody's request."""
    cloud.perform(RouteAlias(NAME, "live", "1", note=note(1.0)))
    before = settled(cloud)
    for _ in range(4):
        cloud.invoke(NAME, rows((1, 1)), qualifier="1")

    assert before == settled(cloud)


def test_without_a_note_nothing_is_mirrored(cloud):
    """The shadow ends with the rollout: the alias is its only record."""
    cloud.perform(RouteAlias(NAME, "live", "1", note=""))
    for _ in range(3):
        cloud.invoke(NAME, rows((1, 1)))
    time.sleep(1.2)  # the note is read once a second here
    cloud.invoke(NAME, rows((1, 1)))
    before = settled(cloud)
    for _ in range(5):
        cloud.invoke(NAME, rows((1, 1)))

    assert before == settled(cloud)
