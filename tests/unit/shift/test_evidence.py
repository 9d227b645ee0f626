"""Evidence: wagers that are worth one if nothing is wrong."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlflow_serverless.observe import Histogram
from mlflow_serverless.shift.evidence import (
    beyond,
    compared,
    drifted,
    excused,
    failing_by,
    far,
    more_often,
    slower,
    slower_by,
)
from mlflow_serverless.shift.evidence.compared import _expected, _ratios
from mlflow_serverless.shift.evidence.slower import _cliff
from mlflow_serverless.shift.evidence.strata import Stratum, groups, strata


@settings(deadline=None)
@given(st.integers(1, 12), st.floats(0.01, 0.9))
def test_a_limit_is_a_fair_wager(trials: int, limit: float):
    """
    At the limit itself the e-value is worth one on average, for any number of trials.
    """
    chances = stats.binom.pmf(np.arange(trials + 1), trials, limit)
    worth = [
        math.exp(beyond([(events, trials)], limit)) for events in range(trials + 1)
    ]

    assert math.isclose(1.0, float(chances @ worth), rel_tol=1e-6)


@settings(deadline=None)
@given(st.integers(1, 15), st.integers(1, 15), st.integers(1, 12))
def test_comparing_is_a_fair_wager(trials: int, others: int, events: int):
    """
    If the versions are alike, a cell's e-value is at most worth one on average.
    """
    events = min(events, trials + others)
    counts = np.arange(max(0, events - others), min(events, trials) + 1)
    chances = stats.hypergeom.pmf(counts, trials + others, events, trials)
    ratios = np.array(
        [_ratios(int(n), trials, events - int(n), others) for n in counts]
    )

    assert np.allclose(1.0, chances @ np.exp(ratios))
    worth = [
        math.exp(more_often([(int(n), trials, events - int(n), others)]))
        for n in counts
    ]
    assert float(chances @ worth) <= 1 + 1e-9


def test_one_bad_minute_is_not_a_bad_version():
    """
    Whatever happens in one cell, it is not enough alone; in several it is.
    """
    bad, fine = (50, 50, 0, 1_000), (0, 50, 0, 1_000)

    assert math.log(1_000) > more_often([bad, *[fine] * 5])
    assert math.log(1_000) < more_often([bad] * 6)


@pytest.mark.parametrize("good", [0, 100, 1_000])
def test_what_goes_bad_late_is_found_soon(good: int):
    """
    However many good answers came first, a handful of failures is enough.
    """
    before = [(0, 50)] * (good // 50)

    assert math.log(1_800) < beyond([*before, (10, 10)], 0.05)


def test_a_steady_fault_is_no_burst():
    """
    Three times the failures in every cell are evidence undivided; as many in few cells
    are a burst.
    """
    rng = np.random.default_rng(1)
    steady = [(int(rng.binomial(60, 0.06)), 60, 60, 2_940) for _ in range(20)]
    failures = sum(table[0] for table in steady)
    bursts = [(0, 60, 60, 2_940)] * 16 + [(failures // 4, 60, 60, 2_940)] * 4

    assert more_often(steady) > 15
    assert more_often(bursts) < more_often(steady) / 3


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(30, 60), st.integers(0, 30),
                  st.integers(30, 90)),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_expected_events_add_up_to_those_seen(tables):
    """
    At the common odds ratio each mean is possible, and its spread is positive.
    """
    a, n, b, m = np.array(tables, float).T
    mean, spread = _expected(a, n, b, m)

    assert np.all(mean >= np.maximum(0, a + b - m) - 1e-6)
    assert np.all(mean <= np.minimum(n, a + b) + 1e-6)
    assert np.all(spread >= 0)


def test_alike_is_fishers_mean():
    """
    Where both have the same rates, the mean is that of a draw without replacement.
    """
    a, n, b, m = np.array([(5, 50, 20, 200), (10, 100, 20, 200)], float).T
    mean, _ = _expected(a, n, b, m)

    assert np.allclose((a + b) * n / (n + m), mean, atol=0.05)


def test_trouble_shared_by_both_is_no_evidence():
    """
    A rate that moves for both versions alike says nothing against one.
    """
    tables = [(k, 100, 10 * k, 1_000) for k in (1, 20, 60, 2)]

    assert math.log(20) > more_often(tables)


def _pairs(rng: np.random.Generator, cells: int, n: int, m: int, slow: float = 1.0):
    for _ in range(cells):
        ours = 10_000 * rng.lognormal(0, 0.5, n) * slow
        theirs = 10_000 * rng.lognormal(0, 0.5, m)
        yield Histogram.of(ours), Histogram.of(theirs)


def test_a_slower_version_is_found():
    """
    A fifth slower is found in 1,200 requests, at either end of an unequal split.
    """
    rng = np.random.default_rng(7)
    few = [*_pairs(rng, 40, 30, 570, 1.2)]
    many = [*_pairs(rng, 40, 570, 30, 1.2)]
    numbers = compared(few)

    assert min(slower(few).everywhere, slower(many).everywhere) > 8
    assert 1.15 < numbers.candidate_p50 / numbers.baseline_p50 < 1.25
    assert 0.15 < numbers.delta < 0.25


def test_a_slow_end_is_found_though_the_median_is_not():
    """
    Where only the slowest are slower, the share beyond the p95 tells.
    """
    rng = np.random.default_rng(8)
    pairs = []
    for _ in range(60):
        ours, theirs = (10_000 * rng.lognormal(0, 0.5, n) for n in (60, 240))
        slowest = ours > np.quantile(theirs, 0.9)
        pairs.append((Histogram.of(np.where(slowest, 1.4 * ours, ours)),
                      Histogram.of(theirs)))  # fmt: skip
    found = slower(pairs)

    assert found.at_the_end > 8 > found.everywhere


@pytest.mark.parametrize(("slow", "out"), [(1.0, True), (1.2, False)])
def test_a_rise_is_ruled_out_only_if_it_is_not_there(slow: float, *, out: bool):
    """
    A thousand answers of each tell that the p95 is not a fifth higher, or do not.
    """
    rng = np.random.default_rng(9)
    found = slower_by(_pairs(rng, 40, 50, 50, slow), 0.2)

    assert out == found.out
    assert 2_000 == pytest.approx(found.pairs)


@pytest.mark.parametrize("value", [1.0, 10_000.0])
def test_a_rise_of_what_never_varies_is_ruled_out(value: float):
    """
    If all take the same, none takes a fifth more; without answers nothing is known.
    """
    same = [(Histogram.of([value] * 20), Histogram.of([value] * 80))] * 20

    assert slower_by(same, 0.2).out
    assert not slower_by([], 0.2).out
    assert not slower_by([(None, same[0][1])] * 9, 0.2).out


@pytest.mark.parametrize(
    ("tables", "out"),
    [
        ([(1, 100, 10, 900)] * 20, True),
        ([(0, 100, 0, 900)] * 10, True),
        ([(3, 100, 10, 900)] * 20, False),
        ([(0, 10, 0, 90)] * 5, False),
        ([(0, 100, 0, 0)] * 20, False),
        ([(100, 100, 900, 900)] * 5, True),
    ],
)
def test_more_failures_are_ruled_out_by_enough_answers(tables, *, out: bool):
    """
    Two points more are ruled out where enough was answered by both, and only there.
    """
    assert out == failing_by(tables, 0.02).out


@pytest.mark.parametrize("value", [1.0, 10_000.0])
def test_latencies_without_spread_are_no_trouble(value: float):
    """
    If every request takes the same, nothing is said; if ours takes more, much.
    """
    same = [(Histogram.of([value] * 20), Histogram.of([value] * 80))] * 20
    more = [(Histogram.of([value * 1.5] * 20), Histogram.of([value] * 80))] * 20

    assert 0 == slower(same).everywhere
    assert value == 1.0 or slower(more).everywhere > 8


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=30),
    st.lists(st.integers(1, 200), min_size=1, max_size=30),
)
def test_cliffs_delta_is_that_of_mann_and_whitney(ours, theirs):
    """
    With ties or without, it is twice the common-language effect less one.
    """
    a, b = Histogram.of(ours), Histogram.of(theirs)
    x = [key for key, n in a.counts.items() for _ in range(n)]
    y = [key for key, n in b.counts.items() for _ in range(n)]
    u = stats.mannwhitneyu(x, y).statistic

    delta, chance = _cliff(Stratum(a, b), 0)

    assert math.isclose(2 * u / (len(x) * len(y)) - 1, delta, abs_tol=1e-9)
    assert 0 <= chance <= 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=40))
def test_no_request_is_counted_twice(sizes: list[tuple[int, int]]):
    """
    Strata and groups hold each request once, and both versions each.
    """
    pairs = [
        (Histogram({5: n}) if n else None, Histogram({6: m}) if m else None)
        for n, m in sizes
    ]
    found = strata(pairs)
    grouped = groups(found, least=3, most=8)

    assert [*found] == [stratum for group in grouped for stratum in group]
    assert all(min(stratum.sizes) >= 2 for stratum in found)
    assert sum(s.sizes[0] for s in found) <= sum(n for n, _ in sizes)


def test_what_the_baseline_would_have_had_too_is_excused():
    """
    Cell by cell, so that a version which had more traffic in bad minutes is not blamed.
    """
    fine, bad = (0, 5, 0, 95), (20, 50, 20, 50)

    assert excused([fine] * 60 + [bad] * 10)
    assert not excused([(20, 50, 5, 50)])
    assert not excused([(20, 50, 0, 0)])
    assert not excused([fine])


@pytest.mark.parametrize("known", [19, 20])
def test_how_far_slower_is_said_once_the_baseline_is_known(known: int):
    """
    A p95 of too few answers is none.
    """
    pairs = [(Histogram.of([9_000.0] * 5), Histogram.of([1_000.0] * known))]
    found = far(pairs, ratio=2.0)

    assert (found is None) == (known < 20)
    assert found is None or (5, 5) == (found.slow, found.total)


def test_one_far_slower_minute_is_not_a_bad_version():
    """
    However many requests one minute has, it is not enough alone.
    """
    slow = (Histogram.of([9_000.0] * 999), Histogram.of([1_000.0] * 999))
    fine = (Histogram.of([1_000.0] * 999), Histogram.of([1_000.0] * 999))

    assert far([fine, slow, fine], ratio=2.0).log_e < math.log(1_800)
    assert far([slow] * 4, ratio=2.0).log_e > math.log(1_800)


def test_predictions_that_moved_are_found():
    """
    A label that moves by a fifth of all rows is named, and beyond chance.
    """
    pairs = [({"yes": 40, "no": 60}, {"yes": 200, "no": 800})] * 10
    found = drifted(pairs)

    assert found.index > found.chance
    assert 0.2 == pytest.approx(abs(found.is_ - found.was), abs=0.01)


def test_drift_of_both_is_no_drift():
    """
    If the day moves both versions' labels alike, there is none.
    """
    pairs = [
        ({"yes": share, "no": 100 - share}, {"yes": 9 * share, "no": 900 - 9 * share})
        for share in range(5, 95, 5)
    ]
    found = drifted(pairs)

    assert found.index < 0.001


@pytest.mark.parametrize(
    "pairs", [[], [(None, {"a": 1})], [({}, {})], [({"a": 3},) * 2]]
)
def test_without_predictions_there_is_no_drift(pairs):
    """
    Nothing to compare, or but one label, is no distance.
    """
    assert drifted(pairs) is None
