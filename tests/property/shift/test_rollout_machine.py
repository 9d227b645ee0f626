"""Rollouts under several drivers, crashes, lost answers and people."""

from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.plan import RouteAlias
from mlflow_serverless.shift import (
    Criteria,
    Driver,
    Kind,
    Rollout,
    Stage,
    State,
    Strategy,
    abort,
    advance,
    begin,
    pause,
    promote,
    resume,
    under_way,
)
from mlflow_serverless.shift.decide import Answer, Failed, Passed
from mlflow_serverless.shift.history import InMemory
from mlflow_serverless.shift.note import decode
from mlflow_serverless.shift.rollout import Moment
from tests.fakes.rollout_cloud import (
    ALIAS,
    NAME,
    Interruptible,
    LostError,
    TestClock,
    published,
)
from tests.fakes.tell import silent

FEW = Criteria(requests=10, promote_requests=20)
ORDERS = {"pause": pause, "resume": resume, "promote": promote, "abort": abort}
STRATEGIES = (
    Strategy(
        name="canary",
        stages=(Stage(Kind.CANARY, 0.05, 60), Stage(Kind.CANARY, 0.5, 120)),
        patience_s=600, guard_s=300, look_s=30,
    ),
    Strategy(
        name="shadow-then-canary",
        stages=(Stage(Kind.SHADOW, 0.2, 60), Stage(Kind.CANARY, 0.25, 60)),
        patience_s=600, guard_s=0, look_s=30,
    ),
)  # fmt: skip
NOW_AND_THEN = (0, 1, 29, 60, 130, 700)


class Moody:
    """Hooks that do as the machine says."""

    answer: Answer = Passed()

    def ask(self, _moment: Moment, _name: str, _rollout: Rollout, /) -> Answer:
        return self.answer


class Rollouts(RuleBasedStateMachine):
    """Everything that can happen to a deployment while versions change."""

    @staticmethod
    def fresh() -> tuple[Interruptible, str]:
        """A cloud with a deployment of three versions, all traffic on the first."""
        return published(versions=3), NAME

    @initialize()
    def deployed(self) -> None:
        self.cloud, self.name = self.fresh()
        self.clock = TestClock()
        self.hooks = Moody()
        self.first = len(self.cloud.performed)
        self.by_hand = 0
        self.answered_well: set[str] = set()
        """The rollouts whose candidate did, at least once."""
        driver = Driver(
            cloud=self.cloud, clock=self.clock, tell=silent, criteria=FEW,
            hooks=self.hooks,
        )  # fmt: skip
        self.drivers = [replace(driver, history=InMemory()) for _ in range(3)]

    @rule(candidate=st.sampled_from("123"), strategy=st.sampled_from(STRATEGIES))
    def somebody_begins(self, candidate: str, strategy: Strategy) -> None:
        with suppress(ServerlessError, LostError):
            begin(self.name, ALIAS, candidate, strategy, self.drivers[0])

    @rule(who=st.integers(0, 2))
    def a_driver_advances(self, who: int) -> None:
        with suppress(ServerlessError, LostError):
            advance(self.name, ALIAS, self.drivers[who])

    @rule(lose=st.sampled_from(("before", "after", "killed")), who=st.integers(0, 2))
    def a_driver_is_cut_off(self, lose: str, who: int) -> None:
        self.cloud.lose = lose
        with suppress(ServerlessError, LostError, KeyboardInterrupt):
            advance(self.name, ALIAS, self.drivers[who])
        self.cloud.lose = ""

    @rule(order=st.sampled_from(sorted(ORDERS)))
    def two_act_at_once(self, order: str) -> None:
        def others() -> None:
            with suppress(ServerlessError):
                ORDERS[order](self.name, ALIAS, self.drivers[2])
                self.by_hand += 1

        with suppress(ServerlessError):
            begin(NAME, ALIAS, "2", STRATEGIES[0], self.drivers[0])
        self.requests_come(seconds=130, candidate_fails=False)
        self.cloud.meanwhile = others
        with suppress(ServerlessError):
            advance(self.name, ALIAS, self.drivers[1])
        self.cloud.meanwhile = None

    @rule()
    def two_drivers_at_once(self) -> None:
        def other() -> None:
            with suppress(ServerlessError):
                advance(self.name, ALIAS, self.drivers[2])

        self.cloud.meanwhile = other
        with suppress(ServerlessError):
            advance(self.name, ALIAS, self.drivers[1])
        self.cloud.meanwhile = None

    @rule(order=st.sampled_from(sorted(ORDERS)))
    def a_person_orders(self, order: str) -> None:
        with suppress(ServerlessError):
            ORDERS[order](self.name, ALIAS, self.drivers[0])
            self.by_hand += 1

    @rule(passes=st.booleans())
    def the_hook_changes_its_mind(self, *, passes: bool) -> None:
        self.hooks.answer = Passed() if passes else Failed("not today")

    @rule(seconds=st.sampled_from(NOW_AND_THEN))
    def nothing_is_heard(self, seconds: int) -> None:
        self.clock.at += seconds

    @rule(
        seconds=st.sampled_from(NOW_AND_THEN[2:]),
        candidate_fails=st.booleans(),
    )
    def requests_come(self, seconds: int, *, candidate_fails: bool) -> None:
        rollout = under_way(self.cloud.snapshot(self.name), ALIAS)
        pointed = self.cloud.snapshot(self.name).alias(ALIAS)
        for second in range(0, seconds, 10):
            at = self.clock.at + second
            self.cloud.tell(at, pointed.version, 4)
            if rollout is not None and rollout.state is State.SHIFTING:
                status = 500 if candidate_fails else 200
                mirrored = rollout.here.kind is Kind.SHADOW
                fields = {"Shadow": 1, "Compared": 1, "Disagreed": 0}
                self.cloud.tell(
                    at, rollout.candidate, 4, Status=status,
                    **(fields if mirrored else {}),
                )  # fmt: skip
                if not candidate_fails:
                    self.answered_well.add(rollout.identity)
        self.clock.at += seconds

    @precondition(lambda self: self.by_hand < 100)
    @rule()
    def time_passes_and_all_look(self) -> None:
        self.clock.at += 61
        for driver in self.drivers:
            with suppress(ServerlessError):
                advance(self.name, ALIAS, driver)

    def _notes(self) -> list[Rollout]:
        steps = self.cloud.performed[self.first :]
        found = [decode(s.note) for s in steps if isinstance(s, RouteAlias)]
        return [rollout for rollout in found if rollout is not None]

    @invariant()
    def weights_and_record_move_together(self) -> None:
        """What the note says and where traffic goes never differ."""
        pointed = self.cloud.snapshot(self.name).alias(ALIAS)
        rollout = decode(pointed.note)
        if rollout is not None:
            assert (rollout.primary, rollout.weights) == (
                pointed.version, pointed.weights,
            )  # fmt: skip

    @invariant()
    def no_step_is_lost_or_done_twice(self) -> None:
        """Each record follows the one before it, and no stage is left out."""
        notes = self._notes()
        for before, after in pairwise(notes):
            if after.identity != before.identity:
                assert before.over or before.state is State.GUARDING
                assert (after.state, after.moves) == (State.WAITING, 0)
            elif after != before:
                assert after.moves == before.moves + 1
                assert not before.over
                shifted = before.state is after.state is State.SHIFTING
                assert not shifted or after.stage - before.stage in {0, 1}

    @invariant()
    def traffic_goes_only_where_something_is(self) -> None:
        """Every version with a share of the traffic is published."""
        have = self.cloud.snapshot(self.name)
        pointed = have.alias(ALIAS)
        shares = [share for _, share in pointed.weights]

        assert all(
            have.version(number)
            for number in (pointed.version, *(n for n, _ in pointed.weights))
        )
        assert all(0 < share < 1 for share in shares)

    @invariant()
    def nothing_is_promoted_unseen(self) -> None:
        """Without one good answer, only a person promotes."""
        for before, after in pairwise(self._notes()):
            if before.state is State.SHIFTING and after.state is State.GUARDING:
                assert after.identity in self.answered_well or "person" in after.why


Rollouts.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None
)
TestRollouts = Rollouts.TestCase
