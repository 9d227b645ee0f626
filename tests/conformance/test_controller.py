"""A rollout that nobody but the account drives, on the stand-in for AWS.

The controller acts as its own role, which may do what its policy says and no more; it
is woken by the schedule that the plan made, through the role that the plan made.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from mlflow_serverless.apply import apply
from mlflow_serverless.aws import Access
from mlflow_serverless.aws.schedules import Schedules
from mlflow_serverless.aws.traffic import Traffic
from mlflow_serverless.config import parse
from mlflow_serverless.control.function import answered
from mlflow_serverless.control.look import Reached
from mlflow_serverless.control.tool import CONTROLLER
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.local import Setup
from mlflow_serverless.pipeline.desired import tags_of
from mlflow_serverless.pipeline.rollouts import begin, standing
from mlflow_serverless.plan import (
    Desired,
    LogGroup,
    Plan,
    PointAlias,
    ProvisionedConcurrency,
    names,
    plan,
    plan_removal,
)
from mlflow_serverless.shift import State, recorded
from mlflow_serverless.shift.configured import strategy_of
from mlflow_serverless.shift.history import InMemory
from mlflow_serverless.store import ContentStore
from mlflow_serverless.topology import control, schedule
from mlflow_serverless.world import World
from tests.fakes.aws.account import PACE, access_to, cloud_of, furnish, image, wanted
from tests.fakes.aws.faults import Call, Fault
from tests.fakes.aws.server import Aws
from tests.fakes.rollout_cloud import TestClock
from tests.fakes.rooms import BLANK
from tests.fakes.tell import silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_serverless.plan import Resource

pytestmark = pytest.mark.emulator

RUNTIME = Path(__file__).parents[1] / "fakes" / "aws" / "tool_or_model.py"
HASTY = replace(PACE, attempts=1, settle_s=1)
"""A process that is killed does not ask again."""
PATIENCE_S = 120.0
"""Longest wait for what must come to pass [s]."""
MINUTE_S = 60.0
MOVES = 4
"""Of a rollout that goes well: to half of the traffic, promoted, confirmed, done."""
TOOL = 9
"""Number of the image that is the controller's."""
CONFIG = parse({
    "memory_mb": 256, "timeout_s": 5, "record": False, "strategy": "canary",
    "strategy.driver": "cloud", "strategy.steps": "50", "strategy.bake_s": 60,
    "strategy.look_s": 30, "strategy.guard_s": 60, "strategy.patience_s": 600,
    "judge.requests": 10, "judge.promote_requests": 20,
})  # fmt: skip


@pytest.fixture(scope="module")
def aws(tmp_path_factory) -> Iterator[Aws]:
    setup = Setup(runtime=RUNTIME, idle_s=60)
    with Aws(tmp_path_factory.mktemp("aws"), setup) as made:
        furnish(access_to(made))
        yield made


@pytest.fixture(autouse=True)
def healed(aws):
    """What goes wrong, and whatever fires, ends with the test."""
    yield
    aws.faults.heal()
    aws.scheduler.groups.clear()


@dataclass
class Rolling:
    """A rollout from version 1 to version 2 that was begun, and then left alone."""

    aws: Aws
    name: str
    clock: TestClock

    @property
    def have(self):
        return cloud_of(self.aws).snapshot(self.name)

    @property
    def rollout(self):
        return recorded(self.have, "live")

    @property
    def role(self) -> str:
        place = access_to(self.aws).place
        role = names.control_role(self.name, place.region)
        return place.global_arn("iam", f"role/{role}")

    def reached(self, pace=PACE) -> Reached:
        """What a controller reaches, as its role."""
        environ = self.aws.acting_as(self.role)
        session = boto3.Session(
            aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
            region_name=environ["AWS_DEFAULT_REGION"],
        )
        access = Access(session, endpoint=self.aws.endpoint, pace=pace)
        return Reached(Traffic(access), Schedules(access), clock=self.clock)

    def answers(
        self, status: int = 200, count: int = 40, over_s: float = MINUTE_S
    ) -> None:
        """Both versions have answered in the last time; version 2 with *status*."""
        logs = access_to(self.aws).client("logs")
        group, stream = names.log_group(self.name), f"2026/11/22/[1]{uuid.uuid4().hex}"
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [
            {"timestamp": at, "message": json.dumps(line(version, at, code))}
            for i in range(count)
            for version, code in (("1", 200), ("2", status))
            for at in [int(1000 * (self.clock.at - over_s * (1 - i / count)))]
        ]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def minute(self, call: Callable[[str, str], object], status: int = 200) -> int:
        """Let a minute pass; how many schedules fired."""
        self.clock.at += MINUTE_S
        self.answers(status)
        return self.aws.tick(call, at=self.clock.at)


def line(version: str, at: int, status: int) -> dict[str, Any]:
    """A metric line as the runtime writes it."""
    return {
        "_aws": {"Timestamp": at}, "FunctionVersion": version, "Status": status,
        "HandleUs": 10_000, "Cold": False,
    }  # fmt: skip


def world(aws: Aws, folder: Path) -> World:
    return World(
        target="lambda", cloud=cloud_of(aws), store=ContentStore(folder / "work"),
        downloads=folder, tell=silent,
    )  # fmt: skip


@pytest.fixture
def rolling(aws, tmp_path) -> Rolling:
    return begun(aws, tmp_path)


def begun(aws: Aws, folder: Path, **given: object) -> Rolling:
    """A rollout, begun as a deployment begins it, with all that drives it."""
    name, clock = f"it-{uuid.uuid4().hex[:8]}", TestClock(time.time())
    config = CONFIG.model_copy(update=given)
    cloud = cloud_of(aws)
    apply(plan(want(aws, name, 1, config), cloud.snapshot(name)), cloud, silent)
    have = cloud.snapshot(name)
    since = have.alias("live").revision
    changes = plan(want(aws, name, 2, config, since), have)
    at = next(i for i, s in enumerate(changes.steps) if isinstance(s, PointAlias))
    apply(Plan(name, changes.steps[:at]), cloud, silent)
    begin(name, "2", strategy_of(config.strategy), config, world(aws, folder))
    apply(Plan(name, changes.steps[at + 1 :]), cloud, silent)
    return Rolling(aws, name, clock)


def want(aws, name, number, config=CONFIG, since: str = "") -> Desired:
    access, model = access_to(aws), replace(BLANK, uri=f"models:/it/{number}")
    place, tags = access.place, ((names.OWNER, name),)
    around: tuple[Resource, ...] = (LogGroup(name=names.log_group(name), tags=tags),)
    if since:
        address = image(access, TOOL)
        wakes = schedule(name, config, place, since=since, end=time.time() + 86_400)
        around = (*around, *control(name, config, place, artifact=address), wakes)
    return wanted(access, name, number, resources=around, tags=tags_of(model, config))


def in_process(rolling: Rolling, pace=PACE) -> Callable[[str, str], object]:
    """Calls the handler here, as one environment would."""
    reached = rolling.reached(pace)
    return lambda _, said: answered(json.loads(said), reached)


def driven(rolling: Rolling, call, status: int = 200, most: int = 12) -> None:
    """Minute after minute, until nothing fires any more."""
    for _ in range(most):
        if rolling.minute(call, status) == 0:
            return
    raise AssertionError(f"it still fires: {rolling.rollout}")


def nothing_fires(rolling: Rolling) -> bool:
    return not list(rolling.aws.scheduler.due(rolling.clock.at))


def test_a_good_version_is_promoted_by_nobody_else(rolling):
    """
    Shifted, promoted, guarded, done: and then the schedule is gone. Every permission
    of its role was used, but those of its log, which Lambda writes.
    """
    rolling.aws.acted.clear()
    driven(rolling, in_process(rolling))

    assert State.DONE is rolling.rollout.state
    have = rolling.have
    alias = have.alias("live")
    assert ("2", ()) == (alias.version, alias.weights)
    kinds = {resource.kind for resource in have.resources}
    assert {"log group", "role", "schedule group", "controller"} <= kinds
    assert "schedule" not in kinds
    assert [] == rolling.aws.scheduler.refused
    policy = have.resource(("role", rolling.role.rpartition("/")[2])).policy
    allowed = {a for s in json.loads(policy)["Statement"] for a in s["Action"]}
    used = {call.permission for call in rolling.aws.acted}
    assert {"logs:CreateLogStream", "logs:PutLogEvents"} == allowed - used


def test_a_bad_version_is_rolled_back_by_nobody_else(rolling):
    """
    For its reason, and the schedule is gone with it.
    """
    driven(rolling, in_process(rolling), status=500)

    assert State.ROLLED_BACK is rolling.rollout.state
    assert "5" in rolling.rollout.why
    assert ("1", ()) == (
        rolling.have.alias("live").version, rolling.have.alias("live").weights,
    )  # fmt: skip
    assert nothing_fires(rolling)


def test_silence_ends_when_patience_does(rolling):
    """
    A version that nobody calls is never promoted, and does not wait for ever.
    """
    call = in_process(rolling)
    for _ in range(15):
        rolling.clock.at += MINUTE_S
        rolling.aws.tick(call, at=rolling.clock.at)

    assert State.ROLLED_BACK is rolling.rollout.state
    assert nothing_fires(rolling)


CALLS = (
    "lambda:GetFunction", "lambda:ListVersionsByFunction", "lambda:ListAliases",
    "lambda:ListProvisionedConcurrencyConfigs", "logs:FilterLogEvents",
    "lambda:GetAlias", "lambda:UpdateAlias",
    "scheduler:DeleteSchedule",
)  # fmt: skip
"""Every kind of call that it makes."""


def test_killed_in_any_call_the_next_minute_goes_on(rolling):
    """
    On either side of each; nothing is done twice, and the schedule goes.
    """
    sides = (Fault.REQUEST_LOST, Fault.RESPONSE_LOST)
    deaths = [(call, side) for call in CALLS for side in sides]
    reached = rolling.reached(HASTY)
    for _ in range(30):
        if nothing_fires(rolling):
            break
        another = replace(reached, history=InMemory())
        if deaths and dies(rolling, another, *deaths[0]):
            deaths.pop(0)

    assert [] == deaths
    assert State.DONE is rolling.rollout.state
    assert MOVES == rolling.rollout.moves


def dies(rolling: Rolling, reached: Reached, at: str, fault: Fault) -> bool:
    """Whether the process came to its first call of *at* in this minute, and died."""
    dead: list[Call] = []

    def decide(call: Call) -> Fault | None:
        if dead:
            return Fault.REQUEST_LOST
        if str(call) != at:
            return None
        dead.append(call)
        return fault

    def call(_: str, said: str) -> None:
        rolling.aws.faults.decide = decide
        with suppress(ServerlessError):
            answered(json.loads(said), reached)
        rolling.aws.faults.heal()

    rolling.minute(call)
    return bool(dead)


def test_two_at_once_do_what_one_does(rolling):
    """
    A schedule may fire twice, and late: every move is made once.
    """
    calls = [in_process(rolling) for _ in range(2)]

    def twice(target: str, said: str) -> None:
        threads = [threading.Thread(target=c, args=(target, said)) for c in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    driven(rolling, twice)

    assert State.DONE is rolling.rollout.state
    assert MOVES == rolling.rollout.moves


def test_environments_are_kept_started_for_whom_traffic_goes_to(aws, tmp_path):
    """
    On both versions while it goes on; on the one that has won when it is over.
    """
    rolling = begun(aws, tmp_path, provisioned=1)
    lambda_ = access_to(aws).client("lambda")
    for version in ("1", "2"):
        lambda_.put_provisioned_concurrency_config(
            FunctionName=rolling.name, Qualifier=version,
            ProvisionedConcurrentExecutions=1,
        )  # fmt: skip
    aws.faults.deny("lambda:DeleteProvisionedConcurrencyConfig")
    call = in_process(rolling)
    for _ in range(6):
        rolling.minute(call)
    assert State.DONE is rolling.rollout.state
    assert not nothing_fires(rolling)

    aws.faults.heal()
    driven(rolling, call)

    left = [r for r in rolling.have.resources if isinstance(r, ProvisionedConcurrency)]
    assert [ProvisionedConcurrency(qualifier="2", count=1)] == left


def test_it_may_not_touch_anything_else(aws, rolling, tmp_path):
    """
    Not another deployment's traffic, nor its schedules.
    """
    other = begun(aws, tmp_path)
    reached = rolling.reached()
    with pytest.raises(Exception, match="may not lambda:GetFunction"):
        reached.ways.snapshot(other.name)
    with pytest.raises(Exception, match="may not scheduler:DeleteSchedule"):
        reached.schedules.end(names.schedule_group(other.name), "any")


def test_a_role_that_may_not_call_it_fires_in_vain(rolling):
    """
    The stand-in asks the schedule's role, as AWS does.
    """
    place = access_to(rolling.aws).place
    role = names.schedule_role(rolling.name, place.region)
    iam = access_to(rolling.aws).client("iam")
    iam.delete_role_policy(RoleName=role, PolicyName="mlflow-serverless")

    assert 0 == rolling.minute(in_process(rolling))
    assert 1 == len(rolling.aws.scheduler.refused)
    rolling.aws.scheduler.refused.clear()


def test_what_is_not_begun_yet_keeps_its_schedule(aws, tmp_path):
    """
    A first call that sees the alias as it was before must not end everything.
    """
    name = f"it-{uuid.uuid4().hex[:8]}"
    cloud = cloud_of(aws)
    apply(plan(want(aws, name, 1), cloud.snapshot(name)), cloud, silent)
    have = cloud.snapshot(name)
    changes = plan(want(aws, name, 2, since=have.alias("live").revision), have)
    left = tuple(s for s in changes.steps if not isinstance(s, PointAlias))
    apply(Plan(name, left), cloud, silent)
    rolling = Rolling(aws, name, TestClock(time.time()))

    aws.tick(in_process(rolling))

    assert 1 == aws.tick(lambda *_: None)


def test_after_a_delete_nothing_is_left_of_it(rolling):
    """
    Also in the middle of a rollout; and a last call that comes late harms nobody.
    """
    call, said = in_process(rolling), []
    rolling.minute(lambda *asked: said.append(asked))
    cloud = cloud_of(rolling.aws)
    apply(plan_removal(cloud.snapshot(rolling.name)), cloud, silent)

    have = cloud.snapshot(rolling.name)
    assert (None, (), ()) == (have.function, have.resources, have.foreign)
    groups = access_to(rolling.aws).client("scheduler").list_schedules()["Schedules"]
    assert [] == groups
    with pytest.raises(Exception, match="may not"):
        call(*said[0])


def test_as_a_function_of_its_own_it_does_the_same(aws, tmp_path, capsys):
    """
    A process of its own, by the loop of tools, as its role; its log tells each look.
    """
    config = CONFIG.strategy.model_copy(
        update={"bake_s": 0.5, "look_s": 0.5, "guard_s": 0.5}
    )
    rolling = begun(aws, tmp_path, strategy=config)
    address = image(access_to(aws), TOOL)
    aws.plane.tools[address] = {
        "handler": CONTROLLER.handler, "environ": aws.acting_as(rolling.role)
    }  # fmt: skip
    deadline = time.monotonic() + PATIENCE_S
    while not nothing_fires(rolling):
        assert time.monotonic() < deadline, rolling.rollout
        before, rolling.clock.at = rolling.clock.at, time.time()
        rolling.answers(over_s=rolling.clock.at - before)
        aws.tick()
        time.sleep(0.25)

    assert State.DONE is rolling.rollout.state
    said = [
        json.loads(line.text)
        for line in cloud_of(aws).logs(names.controller(rolling.name))
        if line.text.startswith("{")
    ]
    assert ["advance", "promote", "confirm", "finish"] == [
        look["outcome"] for look in said if look["outcome"] != "hold"
    ]
    assert {"control.look"} == {look["event"] for look in said}
    found = standing(rolling.name, world(aws, tmp_path))
    assert len(said) == len(found.looks)
    assert found.candidate.seen.requests > 0
    assert ["ended"] == [s["schedule"] for s in said if s["schedule"] != "kept"]
