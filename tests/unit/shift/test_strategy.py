"""Strategies by name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.config import flat, parse
from mlflow_serverless.config.errors import ConfigError
from mlflow_serverless.shift.configured import criteria_of, hooks_of, strategy_of
from mlflow_serverless.shift.criteria import Criteria
from mlflow_serverless.shift.errors import BadStrategyError
from mlflow_serverless.shift.rollout import Moment
from mlflow_serverless.shift.strategy import NAMES, Kind, percents, stages_of
from tests.fakes.rollout_cloud import RolloutCloud


def _stages(name: str, steps: tuple[float, ...] = (5, 25, 50)):
    return [
        (stage.kind.value, round(100 * stage.share, 9), stage.bake_s)
        for stage in stages_of(name, steps=steps, bake_s=300, shadow=20, shadow_s=600)
    ]


def test_each_name_means_its_stages():
    """
    Our own names make the stages they promise.
    """
    canary = [("canary", 5, 300), ("canary", 25, 300), ("canary", 50, 300)]
    shadow = [("shadow", 20, 600)]

    assert [] == _stages("all-at-once")
    assert canary == _stages("canary")
    assert shadow == _stages("shadow")
    assert shadow + canary == _stages("shadow-then-canary")
    assert [25, 50, 75] == [share for _, share, _ in _stages("linear", (25,))]
    assert [40, 80] == [share for _, share, _ in _stages("linear", (40,))]


@pytest.mark.parametrize(
    ("name", "shares", "bake"),
    [
        ("Canary10Percent5Minutes", [10], 300),
        ("CodeDeployDefault.LambdaCanary10Percent30Minutes", [10], 1_800),
        ("Linear10PercentEvery1Minute", list(range(10, 100, 10)), 60),
        ("LambdaLinear10PercentEvery10Minutes", list(range(10, 100, 10)), 600),
        ("AllAtOnce", [], None),
        ("CodeDeployDefault.LambdaAllAtOnce", [], None),
    ],
)
def test_codedeploys_names_mean_what_they_mean_there(name, shares, bake):
    """
    CodeDeploy's presets shift as CodeDeploy would.
    """
    stages = _stages(name)

    assert shares == [share for _, share, _ in stages]
    assert all(bake == seconds for _, _, seconds in stages)


@pytest.mark.parametrize(
    "text", ["", "0", "100", "50,25", "5,5", "five", "-1", "5,101", "nan"]
)
def test_steps_that_do_not_climb_are_refused(text: str):
    """
    Steps climb, above 0 and below 100 percent.
    """
    with pytest.raises(BadStrategyError) as refusal:
        percents(text)

    assert "strategy.steps" in refusal.value.hint


@pytest.mark.parametrize("name", ["", "blue-green", "Canary0Percent5Minutes"])
def test_unknown_names_are_refused(name: str):
    """
    A name that is no strategy is refused with those that are.
    """
    with pytest.raises(BadStrategyError) as refusal:
        stages_of(name, steps=(5,), bake_s=1, shadow=1, shadow_s=1)

    assert all(known in refusal.value.message for known in NAMES)


def test_a_configuration_says_it_in_text():
    """
    Flat text becomes a strategy, criteria and hooks, and survives the way back.
    """
    config = parse(
        {
            "strategy": "canary", "strategy.steps": "5, 25, 50",
            "strategy.bake_s": "300", "judge.max_p95_ms": "50",
            "strategy.before": "command:true",
        }
    )  # fmt: skip
    strategy = strategy_of(config.strategy)

    assert ("canary", 3, 300) == (
        strategy.name, len(strategy.stages), strategy.stages[0].bake_s
    )  # fmt: skip
    assert 50 == criteria_of(config.judge).max_p95_ms
    hooks = hooks_of(config.strategy, RolloutCloud()).hooks
    assert {Moment.BEFORE: "command:true", Moment.AFTER: ""} == hooks
    assert config == parse(flat(config))


def test_the_defaults_agree():
    """
    Options and criteria have the same defaults; updates shadow, then canary.
    """
    config = parse({})

    assert Criteria() == criteria_of(config.judge)
    assert [Kind.SHADOW, *[Kind.CANARY] * 3] == [
        stage.kind for stage in strategy_of(config.strategy).stages
    ]


def test_mistakes_in_text_are_reported_with_their_keys():
    """
    Strategy, steps and hooks are checked where they are read, all at once.
    """
    with pytest.raises(ConfigError) as refusal:
        parse({"strategy": "x", "strategy.steps": "9,3", "strategy.after": "ftp:x"})

    for key in ("strategy.name", "strategy.steps", "strategy.after"):
        assert key in refusal.value.message


@settings(deadline=None)
@given(st.integers(1, 99))
def test_linear_steps_are_even_and_end_below_all(step: int):
    """
    Every step adds the same, and the last leaves at most one more.
    """
    shares = [share for _, share, _ in _stages("linear", (step,))]

    assert all(share == pytest.approx(step * i) for i, share in enumerate(shares, 1))
    assert 100 - step <= (shares[-1] if shares else 0) < 100
