"""Rollouts in 256 characters."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless import limits
from mlflow_serverless.shift.errors import TooManyStepsError
from mlflow_serverless.shift.note import decode, encode
from mlflow_serverless.shift.rollout import Moment, Rollout, State
from mlflow_serverless.shift.strategy import NAMES, Kind, Stage, Strategy, stages_of

_seconds = st.integers(0, 10**7).map(lambda ms: ms / 1000)
_moments = st.integers(10**12, 2 * 10**12).map(lambda ms: ms / 1000)
_stages = st.lists(
    st.builds(
        Stage,
        st.sampled_from(Kind),
        st.integers(1, 9999).map(lambda n: float(f"{n / 100:.10g}") / 100),
        st.integers(0, 86_400).map(float),
    ),
    max_size=5,
).map(tuple)


@st.composite
def rollouts(draw: st.DrawFn) -> Rollout:
    """Any rollout that fits."""
    stages = draw(_stages)
    states = [state for state in State if stages or state is not State.SHIFTING]
    state = draw(st.sampled_from(states))
    last = max(0, len(stages) - 1)
    return Rollout(
        baseline=str(draw(st.integers(1, 99_999))),
        candidate=str(draw(st.integers(1, 99_999))),
        strategy=Strategy(
            name=draw(st.sampled_from(NAMES)),
            stages=stages,
            patience_s=draw(_seconds),
            guard_s=draw(_seconds),
            look_s=draw(_seconds),
        ),
        begun=draw(_moments),
        since=draw(_moments),
        state=state,
        stage=draw(st.integers(0, last)) if state is State.SHIFTING else 0,
        paused=draw(st.booleans()),
        moves=draw(st.integers(0, 999)),
        passed=draw(st.sampled_from([(), (Moment.BEFORE,), (Moment.AFTER,)])),
        why=draw(st.text(max_size=400)),
    )


@settings(deadline=None)
@given(rollouts())
def test_a_note_says_all_but_the_end_of_the_reason(rollout: Rollout):
    """
    Decoding gives the rollout back; only its reason may have been cut.
    """
    note = encode(rollout)
    back = decode(note)

    assert len(note) <= limits.DESCRIPTION_CHARS
    assert back is not None
    kept = back.why.removesuffix("…")
    assert rollout.why.startswith(kept)
    assert encode(back) == note
    assert (rollout.primary, rollout.weights) == (back.primary, back.weights)
    assert rollout.identity == back.identity


@settings(deadline=None)
@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), lambda inner: (
    st.lists(inner) | st.dictionaries(st.sampled_from("rbcsityop"), inner)
)).map(json.dumps))  # fmt: skip
def test_notes_of_others_are_no_rollouts(note: str):
    """
    Whatever else a note holds, it is no rollout and no error.
    """
    assert decode(note) is None


def test_a_models_note_is_no_rollout():
    """
    The notes that versions carry are not taken for rollouts.
    """
    assert decode('{"model":"models:/fraud/7","id":"","flavor":"","parity":""}') is None


def test_a_stage_that_is_not_there_is_refused():
    """
    A note that was cut or edited by hand is no rollout.
    """
    strategy = Strategy(name="canary", stages=(Stage(Kind.CANARY, 0.05, 60),))
    rollout = Rollout(
        baseline="1", candidate="2", strategy=strategy, begun=1, since=1,
        state=State.SHIFTING,
    )  # fmt: skip
    said = json.loads(encode(rollout))

    assert decode(json.dumps(said | {"i": 1})) is None
    assert decode(encode(rollout)[:-1]) is None
    assert decode(json.dumps(said | {"r": 2})) is None


def test_too_many_steps_are_refused_with_the_numbers():
    """
    A strategy that no note can hold is refused before anything moves.
    """
    stages = tuple(Stage(Kind.CANARY, n / 1000, 12_345) for n in range(1, 40))
    strategy = Strategy(name="canary", stages=stages)

    with pytest.raises(TooManyStepsError) as refusal:
        encode(
            Rollout(baseline="1", candidate="2", strategy=strategy, begun=1, since=1)
        )

    assert "39 steps" in refusal.value.message


def test_codedeploys_longest_strategy_fits():
    """
    Linear by 10 percent has room for its record at the end of a long life.
    """
    stages = tuple(Stage(Kind.CANARY, n / 10, 600) for n in range(1, 10))
    strategy = Strategy(name="Linear10PercentEvery10Minutes", stages=stages)
    rollout = Rollout(
        baseline="99", candidate="100", strategy=strategy, begun=1_763_764_411.123,
        since=1_763_764_411.123, state=State.SHIFTING, stage=8, paused=True,
        moves=99, passed=(Moment.BEFORE,),
    )  # fmt: skip

    assert rollout == decode(encode(rollout))


@pytest.mark.parametrize("step", [1.0, 2.5, 5.0, 7.0, 33.0, 40.0])
def test_a_linear_strategy_fits(step: float):
    """
    However small its steps are, there is room for its record and a reason.
    """
    stages = stages_of("linear", steps=(step,), bake_s=300, shadow=20, shadow_s=600)
    strategy = Strategy(name="linear", stages=stages)
    rollout = Rollout(
        baseline="99", candidate="100", strategy=strategy, begun=1_763_764_411.123,
        since=1_763_764_411.123, state=State.SHIFTING, stage=len(stages) - 1,
        moves=99, why="nothing wrong",
    )  # fmt: skip

    assert rollout == decode(encode(rollout))
