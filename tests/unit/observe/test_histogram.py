"""Histograms of latency."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.observe import Histogram
from mlflow_serverless.observe.histogram import (
    GROWTH,
    bucket_of,
    buckets_for,
    merged,
    value_of,
)

latencies = st.floats(1, 9e8)


@settings(deadline=None)
@given(latencies)
def test_every_value_is_known_within_a_percent(value: float):
    """
    The middle of its bucket is within one percent of a value.
    """
    near = value_of(bucket_of(value))

    assert math.isclose(value, near, rel_tol=0.01)


@settings(deadline=None)
@given(st.lists(latencies, min_size=1, max_size=200), st.floats(0.01, 1))
def test_quantiles_are_those_of_the_values(values: list[float], part: float):
    """
    A quantile is within one percent of the value at that rank.
    """
    rank = max(0, math.ceil(part * len(values) * (1 - 1e-12)) - 1)

    assert math.isclose(
        sorted(values)[rank], Histogram.of(values).quantile(part), rel_tol=0.011
    )


@settings(deadline=None)
@given(st.lists(latencies, max_size=50), st.lists(latencies, max_size=50))
def test_minutes_add_up_to_hours(some: list[float], others: list[float]):
    """
    Merging histograms is the histogram of all values.
    """
    whole = Histogram.of([*some, *others])

    assert whole == merged([Histogram.of(some), Histogram.of(others)])
    assert hash(whole) == hash(merged([Histogram.of(some), Histogram.of(others)]))
    assert len(some) + len(others) == whole.total


@pytest.mark.parametrize("ratio", [1.0, 1.01, 1.05, 2.0])
def test_scaling_moves_buckets(ratio: float):
    """
    Moving by the buckets of a ratio scales by at least it, and by a percent more at
    most.
    """
    moved = GROWTH ** buckets_for(ratio)

    assert ratio * (1 - 1e-9) <= moved <= ratio * GROWTH


def test_nothing_has_no_quantile():
    """
    Of nothing there is no quantile, and nothing merged is nothing.
    """
    assert Histogram().quantile(0.95) is None
    assert merged([None, None]) is None


def test_values_below_one_share_a_bucket():
    """
    Nothing is finer than a microsecond; zero is no mistake.
    """
    assert {0: 3} == dict(Histogram.of([0.0, 0.5, 1.0]).counts)
    assert np.isclose(1.0, Histogram.of([0.0]).quantile(0.5))
