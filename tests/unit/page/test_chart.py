"""Charts: axes that people can read."""

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from mlflow_serverless.page import Band, Series, bands, chart

WRITTEN = re.compile(r">([^<>]+)</text>")


def axis(drawn: str, unit: str) -> list[float]:
    """The values that are written with *unit*."""
    found = (text.split(" ") for text in WRITTEN.findall(drawn))
    return [float(text[0]) for text in found if text[1:] == [unit]]


@given(st.floats(0.05, 5_000))
def test_time_goes_in_round_steps(minutes):
    """
    From nought, in even steps of 1, 2 or 5 times a power of ten, to the end at most.
    """
    drawn = chart([Series("it", "--new", [(0.0, 1.0)])], "it", until=minutes, show=str)
    unit, end = ("min", minutes) if minutes >= 2 else ("s", 60 * minutes)
    values = axis(drawn, unit)
    step = values[1]

    assert 4 <= len(values) - 1 <= 10
    assert 0 == values[0]
    assert values[-1] <= end * 1.0001
    assert f"{step:e}"[0] in "125"
    assert all(math.isclose(n * step, v, rel_tol=1e-4) for n, v in enumerate(values))


@given(st.floats(1e-3, 1e6), st.floats(1.01, 1e6))
def test_a_logarithmic_axis_has_at_least_two_values_within_it(low, times):
    """
    Round ones, unless it is too short for any.
    """
    weights = [(low, 1.0), (low * times, 1.0)]
    drawn = bands([Band("it", "--new", weights)], "it", show=lambda v: f"{v:.9g} u")
    values = axis(drawn, "u")

    assert 2 <= len(values) <= 10
    assert values == sorted(values)
    assert low * 0.94 <= values[0]
    assert values[-1] <= low * times * 1.06


def test_next_to_nothing_looks_like_next_to_nothing():
    """
    One failure in a thousand does not fill the drawing.
    """
    points = [(0.0, 0.0), (1.0, 0.001)]
    drawn = chart(
        [Series("it", "--new", points)], "it", until=1.0, show="{:.4f} of".format,
        least=0.01,
    )  # fmt: skip

    assert "0.0100 of" in drawn
