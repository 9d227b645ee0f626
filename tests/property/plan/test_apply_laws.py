"""Laws of planning and applying, under interruption and in random worlds."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.apply import ApplyError, Receipt, apply
from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.plan import (
    Actual,
    Alarm,
    Dashboard,
    Desired,
    Function,
    FunctionUrl,
    HttpApi,
    LogGroup,
    Permission,
    PointAlias,
    ProvisionedConcurrency,
    Repository,
    Resource,
    Role,
    RouteAlias,
    Settings,
    Step,
    content_of,
    key_of,
    plan,
    plan_removal,
)
from mlflow_serverless.plan.errors import BadRoutingError
from mlflow_serverless.plan.resources import BEFORE, stays
from tests.fakes.cloud import FakeCloud
from tests.fakes.tell import Heard, silent

NAME = "fraud"


class Killed(BaseException):
    """What a killed process feels; nothing may catch it."""


class Mortal:
    """A control plane whose user dies around one of its steps."""

    def __init__(self, cloud: FakeCloud, after: int) -> None:
        self._cloud, self._left = cloud, after

    def names(self) -> tuple[str, ...]:
        return self._cloud.names()

    def snapshot(self, name: str, **looked: object) -> Actual:
        return self._cloud.snapshot(name)

    def perform(self, step: Step) -> None:
        if self._left == 0:
            raise Killed
        self._left -= 1
        self._cloud.perform(step)


class Refusing(Mortal):
    """A control plane that refuses one of its steps."""

    def perform(self, step: Step) -> None:
        try:
            super().perform(step)
        except Killed:
            raise RefusedError from None


class RefusedError(ServerlessError):
    code, kind = "no-today", Kind.UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("not today.", hint="wait.")


tags = st.sets(st.sampled_from(["a", "b"])).map(
    lambda keys: tuple((key, "1") for key in sorted(keys))
)
run_settings = st.builds(
    Settings,
    memory_mb=st.sampled_from([128, 1024]),
    timeout_s=st.sampled_from([3, 900]),
    environment=st.sampled_from([(), (("KEY", "v"),)]),
    concurrency=st.sampled_from([None, 0, 2]),
)


def _of_its_alias(want: Desired) -> Desired:
    """What is kept started, for the alias that is wanted: others may share traffic."""
    return replace(
        want,
        resources=tuple(
            r
            for r in want.resources
            if not isinstance(r, ProvisionedConcurrency) or r.qualifier == want.alias
        ),
    )


desires = st.builds(
    Desired,
    function=st.builds(
        Function,
        name=st.just(NAME),
        artifact=st.sampled_from(["sha256:a", "sha256:b", "sha256:c"]),
        settings=run_settings,
    ),
    alias=st.sampled_from(["live", "next"]),
    note=st.sampled_from(["", "note"]),
    tags=tags,
    resources=st.lists(
        st.sampled_from([
            LogGroup(name="/aws/lambda/fraud"),
            LogGroup(name="/aws/lambda/fraud", retention_days=7),
            Role(name="role", trust="{}", policy="{}"),
            Role(name="role", trust="{}", policy="{}", boundary="arn:b"),
            Repository(name="images"),
            Repository(name="everybodys", shared=True),
            FunctionUrl(qualifier="live"),
            FunctionUrl(qualifier="live", auth="NONE"),
            ProvisionedConcurrency(qualifier="live", count=1),
            ProvisionedConcurrency(qualifier="next", count=2),
            Permission(sid="url", qualifier="live", principal="*"),
            HttpApi(name="api", qualifier="live"),
            Alarm(name="errors", metric="Errors", threshold=1),
            Dashboard(name="board", body="{}"),
        ]),
        max_size=5,
        unique_by=key_of,
    ).map(tuple),
).map(_of_its_alias)  # fmt: skip


@st.composite
def worlds(draw) -> FakeCloud:
    """Clouds that some deployments, some of them killed, and a rollout have left."""
    cloud = FakeCloud()
    for want in draw(st.lists(desires, max_size=4)):
        steps = plan(want, cloud.snapshot(NAME)).steps
        for step in steps[: draw(st.integers(0, len(steps)))]:
            cloud.perform(step)
    versions = cloud.snapshot(NAME).versions
    if len(versions) > 1 and draw(st.booleans()):
        first, second = (versions[0].number, versions[-1].number)
        # An alias that is kept started itself cannot share its traffic.
        with suppress(BadRoutingError):
            cloud.perform(RouteAlias(NAME, "live", first, ((second, 0.25),), "canary"))
    return cloud


def looks_like(want: Desired, have: Actual) -> bool:
    """Whether *have* is what *want* says, as users see it."""
    alias = have.alias(want.alias)
    version = have.version(alias.version) if alias else None
    return (
        have.function == want.function
        and have.tags == want.tags
        and {r for r in have.resources if not stays(r)}
        == {r for r in want.resources if not stays(r)}
        and {r for r in want.resources if stays(r)} <= set(have.resources)
        and alias is not None
        and not alias.weights
        and version is not None
        and version.content == content_of(want.function)
        and version.artifact == want.function.artifact
    )


def described(have: Actual) -> tuple[object, ...]:
    """A world without the numbers that differ from one run to the next."""
    shapes = {v.number: (v.content, v.artifact, v.settings) for v in have.versions}
    aliases = {a.name: (shapes[a.version], bool(a.weights)) for a in have.aliases}
    around = set(have.resources), set(have.artifacts)
    return have.function, have.tags, sorted(map(repr, shapes.values())), aliases, around


@settings(max_examples=60)
@given(cloud=worlds(), want=desires)
def test_an_apply_ends_where_it_was_meant_to(cloud, want):
    """From any world, one plan leads to what is wanted, and a second is empty."""
    receipt = apply(plan(want, cloud.snapshot(NAME)), cloud, silent)

    assert looks_like(want, cloud.snapshot(NAME))
    assert not plan(want, cloud.snapshot(NAME))
    assert Receipt(NAME, receipt.done) == receipt


@settings(max_examples=60)
@given(cloud=worlds(), want=desires, steps=st.integers(0, 6))
def test_an_apply_killed_anywhere_is_finished_by_the_next(cloud, want, steps):
    """Wherever an apply dies, planning again ends in the same place."""
    twin = FakeCloud()
    twin.world = dict(cloud.world)
    twin._numbers = iter(range(1000, 2000))
    apply(plan(want, twin.snapshot(NAME)), twin, silent)

    with suppress(Killed):
        apply(plan(want, cloud.snapshot(NAME)), Mortal(cloud, steps), silent)
    apply(plan(want, cloud.snapshot(NAME)), cloud, silent)

    assert described(twin.snapshot(NAME)) == described(cloud.snapshot(NAME))
    assert not plan(want, cloud.snapshot(NAME))


@settings(max_examples=60)
@given(cloud=worlds(), want=desires, deaths=st.lists(st.integers(0, 2), max_size=8))
def test_an_apply_killed_again_and_again_gets_there(cloud, want, deaths):
    """No number of deaths makes things worse, and no version is published twice."""
    for steps in deaths:
        with suppress(Killed):
            apply(plan(want, cloud.snapshot(NAME)), Mortal(cloud, steps), silent)
    apply(plan(want, cloud.snapshot(NAME)), cloud, silent)

    have = cloud.snapshot(NAME)
    assert looks_like(want, have)
    contents = [version.content for version in have.versions]
    assert len(set(contents)) == len(contents)


@settings(max_examples=60)
@given(cloud=worlds(), want=desires, steps=st.integers(0, 6))
def test_every_step_of_a_plan_may_be_taken_twice(cloud, want, steps):
    """A process may die after a step was taken and before it heard so."""
    for number, step in enumerate(plan(want, cloud.snapshot(NAME)).steps):
        cloud.perform(step)
        if number == steps:
            before = cloud.snapshot(NAME)
            cloud.perform(step)
            assert before == cloud.snapshot(NAME)

    assert looks_like(want, cloud.snapshot(NAME))


@settings(max_examples=60)
@given(cloud=worlds(), want=desires)
def test_nobody_is_served_before_all_is_ready(cloud, want):
    """Until the alias moves, traffic goes where it went; all it needs is there."""
    before = cloud.snapshot(NAME).alias(want.alias)
    steps = plan(want, cloud.snapshot(NAME)).steps
    for step in steps:
        if isinstance(step, PointAlias):
            assert set(needs(want)) <= set(cloud.snapshot(NAME).resources)
            before = None
        cloud.perform(step)
        assert before in {None, cloud.snapshot(NAME).alias(want.alias)}

    assert looks_like(want, cloud.snapshot(NAME))


def needs(want: Desired) -> list[Resource]:
    """What *want*'s function cannot be without."""
    return [r for r in want.resources if isinstance(r, BEFORE)]


@settings(max_examples=60)
@given(cloud=worlds(), want=desires, steps=st.integers(0, 6))
def test_a_failure_says_what_is_done_and_what_is_left(cloud, want, steps):
    """Done and left are the plan; the hint is to run again, and that finishes it."""
    wished = plan(want, cloud.snapshot(NAME))
    if steps >= len(wished.steps):
        apply(wished, Refusing(cloud, steps), silent)
        return

    with pytest.raises(ApplyError) as caught:
        apply(wished, Refusing(cloud, steps), silent)

    error = caught.value
    assert wished.steps == (*error.done, *error.left)
    assert steps == len(error.done)
    assert error.kind == Kind.UNAVAILABLE
    assert "run the same command again" in error.hint
    assert all(str(step) in error.message for step in wished.steps)
    apply(plan(want, cloud.snapshot(NAME)), cloud, silent)
    assert looks_like(want, cloud.snapshot(NAME))


@settings(max_examples=60)
@given(cloud=worlds())
def test_a_removal_leaves_nothing_and_is_then_empty(cloud):
    """Deleting twice is deleting once; what others use too stays."""
    apply(plan_removal(cloud.snapshot(NAME)), cloud, silent)

    have = cloud.snapshot(NAME)
    assert Actual(name=NAME, resources=have.resources) == have
    assert all(stays(resource) for resource in have.resources)
    assert not plan_removal(cloud.snapshot(NAME))


@given(cloud=worlds(), mine=desires, yours=desires, turns=st.lists(st.booleans()))
@settings(max_examples=100)
def test_two_at_once_never_lose_an_update_silently(cloud, mine, yours, turns):
    """
    Of two interleaved applies, one that succeeds last is what is served; the other
    either was served before, or was refused.
    """
    plans = [list(plan(want, cloud.snapshot(NAME)).steps) for want in (mine, yours)]
    moves = [any(isinstance(s, PointAlias) for s in steps) for steps in plans]
    fates = interleave(cloud, plans, [*turns, *[False] * 24, *[True] * 24])
    have = cloud.snapshot(NAME)

    assert {"done", "last", "conflict"} >= set(fates)
    for want, fate, moved in zip((mine, yours), fates, moves, strict=True):
        if fate == "last" and moved:
            alias = have.alias(want.alias)
            assert alias is not None
            assert have.version(alias.version).content == content_of(want.function)


def interleave(cloud, plans: Sequence[list[Step]], turns) -> list[str]:
    """Take steps of two plans in *turns*; the fate of each: conflict, done, or last."""
    fates = ["done" if not steps else "" for steps in plans]
    for turn in turns:
        who = int(turn)
        if fates[who]:
            continue
        step = plans[who].pop(0)
        try:
            cloud.perform(step)
        except ServerlessError as error:
            fates[who] = error.kind.value
        if not plans[who] and not fates[who]:
            fates[who] = "last"
            fates[1 - who] = {"last": "done"}.get(fates[1 - who], fates[1 - who])
    return fates


def test_every_step_is_told(tmp_path):
    """One event before each step, one at the end."""
    cloud, heard = FakeCloud(), Heard()
    want = Desired(
        function=Function(
            name=NAME,
            artifact="sha256:a",
            settings=Settings(memory_mb=128, timeout_s=3),
        )
    )

    apply(plan(want, cloud.snapshot(NAME)), cloud, heard)

    assert [event for event, _ in heard.events] == ["apply.step"] * 4 + ["apply.done"]
    numbers = [fields.get("number") for _, fields in heard.events]
    assert numbers == [1, 2, 3, 4, None]
