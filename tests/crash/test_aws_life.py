"""AWS: whatever is done to a deployment, in whatever order, killed wherever."""

from __future__ import annotations

import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mlflow_serverless.apply import ApplyError, apply
from mlflow_serverless.local import Setup
from mlflow_serverless.plan import (
    Plan,
    PointAlias,
    content_of,
    garbage,
    plan,
    plan_removal,
)
from tests.crash.test_aws import HASTY, RUNTIME
from tests.fakes.aws.account import access_to, cloud_of, furnish, wanted
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.server import Aws
from tests.fakes.tell import silent

pytestmark = pytest.mark.slow

deaths = st.one_of(
    st.none(),
    st.tuples(
        st.integers(0, 6), st.sampled_from([Fault.REQUEST_LOST, Fault.RESPONSE_LOST])
    ),
)
"""In which write the process dies, and on which side of it; None if it lives."""


class Life(RuleBasedStateMachine):
    """One deployment's life on the stand-in that the module has."""

    aws: Aws

    def __init__(self) -> None:
        super().__init__()
        self.name = f"it-{uuid.uuid4().hex[:8]}"
        self.access = access_to(self.aws)
        self.served = False
        """Whether it has served, and was not asked to go since."""

    @property
    def have(self):
        return cloud_of(self.aws).snapshot(self.name)

    def take(self, steps: Plan, death) -> None:
        """Apply *steps*, as far as the process lives."""
        if death is not None:
            self.aws.faults.die_at(*death)
        try:
            with suppress(ApplyError):
                apply(steps, cloud_of(self.aws, HASTY), silent)
        finally:
            self.aws.faults.heal()

    @rule(number=st.integers(1, 3), memory_mb=st.sampled_from([256, 512]), death=deaths)
    def deploy(self, number, memory_mb, death):
        want = wanted(self.access, self.name, number, memory_mb=memory_mb)
        self.take(plan(want, self.have), death)
        if death is None:
            self.served = True
            assert self.have.serves("live", content_of(want.function))
            assert not plan(want, self.have)

    @precondition(lambda self: self.served)
    @rule(death=deaths, data=st.data())
    def roll_back(self, death, data):
        have = self.have
        version = data.draw(st.sampled_from(have.versions))
        revision = have.alias("live").revision
        step = PointAlias(self.name, "live", version.content, revision)
        self.take(Plan(self.name, (step,)), death)
        if death is None:
            assert self.have.serves("live", version.content)

    @rule(keep=st.integers(1, 2), death=deaths)
    def collect(self, keep, death):
        waste = garbage(self.have, keep=keep)
        self.take(waste.plan, death)
        if death is None:
            assert not garbage(self.have, keep=keep).plan

    @rule(death=deaths)
    def delete(self, death):
        self.served = False
        self.take(plan_removal(self.have), death)
        if death is None:
            assert not plan_removal(self.have)

    @invariant()
    def aliases_name_versions_that_are_there(self):
        have = self.have
        for alias in have.aliases:
            assert have.version(alias.version) is not None

    @invariant()
    def nothing_that_is_needed_was_removed(self):
        have = self.have
        for version in have.versions:
            assert version.artifact in have.artifacts

    @invariant()
    def what_served_serves(self):
        if self.served:
            live = self.have.alias("live")
            assert live is not None
            assert b'"echo"' in cloud_of(self.aws).invoke(self.name, b"{}").payload


def test_a_deployment_s_life_keeps_its_promises():
    """
    Random sequences of create, update, rollback, gc, delete and crash: the alias
    stands for a version that is there, traffic is served, nothing needed is removed.
    """
    from hypothesis.stateful import run_state_machine_as_test

    setup = Setup(runtime=RUNTIME, idle_s=30)
    with tempfile.TemporaryDirectory() as folder, Aws(Path(folder), setup) as aws:
        furnish(access_to(aws))
        machine = type("OnThis", (Life,), {"aws": aws})
        few = settings(
            max_examples=3, stateful_step_count=8, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), derandomize=True,
        )  # fmt: skip
        run_state_machine_as_test(machine, settings=few)
