"""Rollouts on the embedded cloud: under load, with the real runtime and clock."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.config import parse
from mlflow_serverless.local import LocalCloud, stop
from mlflow_serverless.package import Bundle
from mlflow_serverless.pipeline.desired import desired
from mlflow_serverless.pipeline.rollouts import advance, begin, standing
from mlflow_serverless.plan import Plan, PointAlias, plan
from mlflow_serverless.shift import RollBack, State
from mlflow_serverless.shift.configured import strategy_of
from mlflow_serverless.store import ContentStore
from mlflow_serverless.world import World
from tests.conformance.test_real_runtime import bundled, linear, rows
from tests.fakes.bundles import keep
from tests.fakes.rooms import BLANK
from tests.fakes.tell import silent

pytestmark = pytest.mark.emulator

QUICK = {
    "memory_mb": 512, "timeout_s": 10, "record": False, "strategy": "canary",
    "strategy.steps": "50", "strategy.bake_s": 1, "strategy.look_s": 0.5,
    "strategy.guard_s": 1, "judge.requests": 10, "judge.promote_requests": 20,
    "judge.latency_tolerance": 5, "judge.max_p95_ratio": 50,
}  # fmt: skip
PATIENCE_S = 60.0
"""Longest wait for what must come to pass [s]."""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("shifting")
    yield folder
    stop(folder)


@pytest.fixture
def world(home) -> World:
    return World(
        target="lambda:/local", cloud=LocalCloud(home), store=ContentStore(home / "w"),
        downloads=home / "models", tell=silent, rollouts=home / "rollouts",
    )  # fmt: skip


def slow(folder: Path) -> Bundle:
    """`a + 2 b` as the mean of very many products, all the same."""
    from onnx import TensorProto, helper

    wide = 1500
    tensor, node = helper.make_tensor, helper.make_node
    graph = helper.make_graph(
        [
            node("MatMul", ["x", "w"], ["t"]),
            node("ConstantOfShape", ["row"], ["ones"], value=tensor(
                "v", TensorProto.FLOAT, [1], [1.0])),
            node("ConstantOfShape", ["square"], ["parts"], value=tensor(
                "p", TensorProto.FLOAT, [1], [1 / wide])),
            node("MatMul", ["t", "ones"], ["h0"]),
            *(node("MatMul", [f"h{n}", "parts"], [f"h{n + 1}"]) for n in range(6)),
            node("ReduceMean", ["h6"], ["y"], axes=[1], keepdims=1),
        ],
        "slow",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        [
            tensor("w", TensorProto.FLOAT, [2, 1], [1.0, 2.0]),
            tensor("row", TensorProto.INT64, [2], [1, wide]),
            tensor("square", TensorProto.INT64, [2], [wide, wide]),
        ],
    )  # fmt: skip
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    return bundled(folder, model.SerializeToString())


def begun(
    world: World, home: Path, name: str, candidate: Bundle, **given: object
) -> None:
    """Version 1 of *name* serves, and a rollout to *candidate* is begun."""
    config = parse({**QUICK, **given})
    for number, bundle in ((1, linear(home / f"{name}-1", 0)), (2, candidate)):
        artifact = keep(world.cloud, bundle, name)
        model = replace(BLANK, uri=f"models:/{name}/{number}")
        want = desired(name, artifact, model, "equal", config)
        steps = plan(want, world.cloud.snapshot(name)).steps
        if number == 2:
            steps = tuple(one for one in steps if not isinstance(one, PointAlias))
        apply(Plan(name, steps), world.cloud, silent)
    begin(name, "2", strategy_of(config.strategy), config, world)


class Load:
    """A caller who asks again and again; what came back is counted."""

    def __init__(self, world: World, name: str) -> None:
        self.seen: Counter[str] = Counter()
        self._world, self._name = world, name
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._call)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _call(self) -> None:
        while not self._over.wait(0.005):
            reply = self._world.cloud.invoke(self._name, rows((1, 2)))
            good = reply.error is None and b"predictions" in reply.payload
            self.seen[reply.version if good else "lost"] += 1


def until(come: Callable[[], object]) -> None:
    """Wait for *come* to hold."""
    deadline = time.monotonic() + PATIENCE_S
    while not come():
        assert time.monotonic() < deadline, "it has not come to pass"
        time.sleep(0.1)


def test_the_cloud_drives_by_itself(world, home):
    """
    Nobody advances, and yet the new version is promoted, guarded and done.
    """
    name = "alone"
    candidate = linear(home / "good", 0.001)
    begun(world, home, name, candidate, **{"strategy.driver": "cloud"})
    with Load(world, name) as load:
        until(lambda: standing(name, world).rollout.over)

    assert State.DONE is standing(name, world).rollout.state
    assert "2" == world.cloud.snapshot(name).alias("live").version
    assert 0 == load.seen["lost"]
    assert load.seen["1"]
    assert load.seen["2"]


def test_nobody_drives_what_only_a_command_is_to_drive(world, home):
    """
    The rollout stays where it was left.
    """
    name = "left"
    begun(world, home, name, linear(home / "other", 0.002))
    with Load(world, name) as load:
        until(lambda: load.seen["1"] > 20)

    assert State.WAITING is standing(name, world).rollout.state


def test_a_rollback_loses_no_request_and_leaves_no_traffic(world, home):
    """
    From the verdict to no weight is one call; whoever asks after it gets version 1.
    """
    name = "back"
    begun(world, home, name, slow(home / "slow"), **{"judge.max_p95_ratio": 2})
    with Load(world, name) as load:
        until(lambda: load.seen["1"] > 5)
        shifts = []

        def rolled_back() -> bool:
            shifts.append(advance(name, world).step)
            return isinstance(shifts[-1].shift, RollBack)

        until(rolled_back)
        after = {world.cloud.invoke(name, rows((1, 2))).version for _ in range(40)}

    assert {"1"} == after
    assert ("1", ()) == (
        world.cloud.snapshot(name).alias("live").version,
        world.cloud.snapshot(name).alias("live").weights,
    )
    assert "far slower" in shifts[-1].shift.why
    assert 0 == load.seen["lost"]
    assert load.seen["2"]
