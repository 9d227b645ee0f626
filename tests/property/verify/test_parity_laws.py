"""Laws of comparing: what must hold for any answers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlflow_serverless.verify.outputs import Outputs
from mlflow_serverless.verify.parity import Comparison, compare
from mlflow_serverless.verify.stats import Tolerance

TOLERANCE = Tolerance(rtol=1e-6, atol=1e-6, tie_band=1e-6)

floats = st.floats(allow_nan=True, allow_infinity=True, width=64)
labels = st.sampled_from(["no", "yes", "", "né"])


def bare(values: object) -> Outputs:
    """One bare array."""
    return Outputs("array", {"": np.asarray(values)})


def texts(values: list[str]) -> Outputs:
    """One bare array of labels."""
    return Outputs("array", {"": np.array(values, dtype=object)})


def passes(found: Comparison) -> bool:
    """Whether nothing at all differs."""
    return not (found.fault or found.flips or found.beyond)


@st.composite
def scores(draw):
    """Two `(rows, columns)` arrays of floats, of one shape."""
    shape = draw(st.tuples(st.integers(0, 6), st.integers(1, 3)))
    one = arrays.arrays(np.float64, shape, elements=floats)
    return draw(one), draw(one)


@given(pair=scores())
def test_equal_answers_pass(pair):
    """
    Anything equals itself, NaN and infinities included.
    """
    found = compare(bare(pair[0]), bare(pair[0].copy()), TOLERANCE)

    assert passes(found)
    assert all(item.max_abs == 0 for item in found.outputs)


@given(pair=scores())
def test_without_a_relative_part_the_verdict_is_symmetric(pair):
    """
    With an absolute tolerance alone it does not matter who is the reference.
    """
    absolute = Tolerance(rtol=0.0, atol=1e-3, tie_band=0.0)

    assert passes(compare(bare(pair[0]), bare(pair[1]), absolute)) == passes(
        compare(bare(pair[1]), bare(pair[0]), absolute)
    )


@given(pair=scores(), row=st.lists(floats, min_size=3, max_size=3))
def test_a_further_row_never_improves_the_verdict(pair, row):
    """
    Rows can only add to what is wrong: nothing is averaged away.
    """
    native, found = pair
    extra = np.array([row[: native.shape[1]]])
    before = compare(bare(native), bare(found), TOLERANCE)
    after = compare(
        bare(np.vstack([native, extra])),
        bare(np.vstack([found, extra + 1.0])),
        TOLERANCE,
    )

    assert after.beyond >= before.beyond
    assert after.outputs[0].max_excess >= before.outputs[0].max_excess


@given(pair=scores(), seed=st.integers(0, 100))
def test_the_order_of_rows_does_not_matter(pair, seed):
    """
    Shuffled alike, the answers are judged alike.
    """
    native, found = pair
    order = np.random.default_rng(seed).permutation(len(native))
    one = compare(bare(native), bare(found), TOLERANCE).outputs[0]
    other = compare(bare(native[order]), bare(found[order]), TOLERANCE).outputs[0]

    assert (one.beyond, one.max_abs, one.max_rel, one.histogram) == (
        other.beyond,
        other.max_abs,
        other.max_rel,
        other.histogram,
    )


@given(pair=scores())
def test_nan_equals_nan_and_nothing_else(pair):
    """
    A NaN on one side only is beyond any tolerance.
    """
    native, found = pair
    lonely = np.isnan(native) != np.isnan(found)

    result = compare(bare(native), bare(found), Tolerance(1.0, 1e300, 0.0))

    assert result.beyond >= int(lonely.any(axis=1).sum())


@given(
    pair=st.lists(st.tuples(labels, labels), max_size=8),
    margins=st.lists(st.floats(0, 1e-5), min_size=8, max_size=8),
)
def test_every_different_label_is_a_flip_or_a_tie(pair, margins):
    """
    No difference disappears, and ties occur only within the band.
    """
    native, found = [a for a, _ in pair], [b for _, b in pair]
    known = np.array(margins[: len(pair)])
    differ = np.array([a != b for a, b in pair], dtype=bool)
    near = known <= TOLERANCE.tie_band

    result = compare(texts(native), texts(found), TOLERANCE, known)

    assert int((differ & ~near).sum()) == result.flips
    assert int((differ & near).sum()) == result.ties


@given(pair=st.lists(st.tuples(labels, labels), max_size=8))
def test_without_margins_nothing_is_excused(pair):
    """
    Where the model's own scores are unknown, every difference counts.
    """
    result = compare(
        texts([a for a, _ in pair]), texts([b for _, b in pair]), TOLERANCE
    )

    assert sum(a != b for a, b in pair) == result.flips
    assert result.ties == 0


@given(pair=scores())
def test_histograms_count_every_row_once(pair):
    """
    The bins of the page add up to the rows, the last one to those beyond.
    """
    found = compare(bare(pair[0]), bare(pair[1]), TOLERANCE).outputs[0]

    assert len(pair[0]) == sum(found.histogram)
    assert found.beyond == found.histogram[-1]


@given(pair=scores())
def test_a_missing_column_is_a_fault(pair):
    """
    Answers of another shape or name are never compared as if they fitted; no rows have
    no width.
    """
    native, found = pair

    narrower = compare(bare(native), bare(found[:, :0]), TOLERANCE)
    assert bool(narrower.fault) == bool(len(native))
    assert compare(bare(native), Outputs("table", {"": found}), TOLERANCE).fault
    assert compare(bare(native), Outputs("array", {"x": found}), TOLERANCE).fault
