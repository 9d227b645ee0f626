"""The tolerance follows from dtype, depth and magnitude, and from nothing else."""

import math

import numpy as np
import onnx
import pytest

from mlflow_serverless.verify import ParityOptions
from mlflow_serverless.verify.outputs import Outputs
from mlflow_serverless.verify.precision import (
    EPS32,
    EPS64,
    FLOOR,
    SAFETY,
    Precision,
    agreed,
    magnitude,
    precision_of,
    tolerance_for,
)
from tests.unit.verify.graphs import SCORES, candidate, linear

DEFAULTS = ParityOptions()


def answers(values, dtype=np.float64):
    """One bare array of scores."""
    return Outputs("array", {"": np.array(values, dtype)})


@pytest.mark.parametrize(
    ("dtype", "eps"),
    [(onnx.TensorProto.FLOAT, EPS32), (onnx.TensorProto.DOUBLE, EPS64)],
)
def test_a_graph_is_as_fine_as_its_coarsest_floats(tmp_path, dtype, eps):
    """
    Float64 throughout is held to float64; one float32 input makes it float32.
    """
    item = candidate(linear([1.0] * 9, 0.5, dtype), tmp_path, "abc", answer=SCORES)

    assert Precision(eps, 9 + 1) == precision_of(item)


def test_trees_count_as_terms(tmp_path, numbers):
    """
    A forest's depth of summation is its number of trees.
    """
    from sklearn.ensemble import RandomForestRegressor

    from tests.unit.verify.graphs import converted

    model = RandomForestRegressor(7, max_depth=2, random_state=0)
    model.fit(numbers.to_numpy(), numbers["a"])
    item = candidate(converted(model, 4), tmp_path, "abcd", answer=SCORES)

    assert 7 <= precision_of(item).depth <= 9


@pytest.mark.parametrize(
    ("eps", "unit"),
    [(EPS32, SAFETY * EPS32 * math.sqrt(100)), (EPS64, FLOOR)],
)
def test_the_formula(eps, unit):
    """
    Rtol = 8 eps sqrt(depth), but no less than the floor; atol = rtol * median size.
    The tie band has no floor.
    """
    found = tolerance_for(Precision(eps, 100), answers([2.0, -4.0, 40.0]), DEFAULTS)

    band = SAFETY * eps * math.sqrt(100)
    assert (found.rtol, found.atol, found.tie_band) == (unit, 4 * unit, band)


def test_float32_answers_are_never_held_to_float64():
    """
    A model that answers float32 cannot say more than float32.
    """
    found = tolerance_for(Precision(EPS64, 1), answers([1.0], np.float32), DEFAULTS)

    assert found.rtol == SAFETY * EPS32


def test_the_users_tolerance_is_taken_as_it_is():
    """
    What the user sets is used, each part by itself; it says nothing of labels.
    """
    options = ParityOptions(rtol=0.0, atol=1e-3)
    found = tolerance_for(Precision(EPS32, 50), answers([1e6]), options)
    chosen = tolerance_for(Precision(EPS32, 50), answers([1e6]), DEFAULTS)

    assert (found.rtol, found.atol) == (0.0, 1e-3)
    assert chosen.tie_band == found.tie_band


def test_variants_share_the_depth_not_the_floats():
    """
    A twin that hides its sums gets the depth of the one that shows them.
    """
    found = agreed([Precision(EPS64, 200), None, Precision(EPS32, 1)])

    assert (
        Precision(EPS64, 200),
        Precision(EPS32, 200),
        Precision(EPS32, 200),
    ) == found


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], 1.0), ([0.0, 0.0], 1.0), ([np.nan, np.inf, 3.0], 3.0), ([1, 2, 1e9], 2.0)],
)
def test_magnitude_is_a_median_of_finite_sizes(values, expected):
    """
    One huge score does not loosen the tolerance of the others.
    """
    assert expected == magnitude(answers(values))


@pytest.mark.parametrize(
    "wrong",
    [{"samples": 0}, {"boundary_rows": 0}, {"max_label_flips": -1}, {"rtol": -1.0},
     {"atol": float("inf")}, {"rtol": float("nan")}],
)  # fmt: skip
def test_meaningless_options_are_refused(wrong):
    """
    A gate that cannot refuse anything is not a gate.
    """
    with pytest.raises(ValueError, match=r"at least|finite"):
        ParityOptions(**wrong)
