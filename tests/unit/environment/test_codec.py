"""What crosses into another interpreter comes back as it was."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.manifest import Answer, Field, Tensor
from mlflow_serverless.environment.codec import decode, encode
from mlflow_serverless.verify import ParityOptions

PLAIN = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(), st.binary(),
        st.floats(allow_nan=False), st.text(min_size=1).map(Path),
    ),
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.integers()), inner),
    ),
    max_leaves=12,
)  # fmt: skip


@given(PLAIN)
def test_plain_values_come_back_with_their_types(value):
    """
    Tuples stay tuples, bytes stay bytes, floats keep every bit.
    """
    assert repr(value) == repr(decode(encode(value)))


def test_values_of_ours_come_back_equal():
    """
    Named tuples of the runtime and frozen dataclasses of the deployer.
    """
    answer = Answer("table", (Field("y", "a", labels=("x", None, 1)),))
    options = ParityOptions(samples=7, data=Path("rows.csv"), rtol=1e-300)

    assert answer == decode(encode(answer))
    assert options == decode(encode(options))
    assert Tensor("x", "float64", (None, 2)) == decode(
        encode(Tensor("x", "float64", (None, 2)))
    )


def test_not_a_number_is_a_number():
    """
    NaN and infinities have no word in JSON, and still cross.
    """
    assert math.isnan(decode(encode(math.nan)))
    assert -math.inf == decode(encode(-math.inf))


@pytest.mark.parametrize(
    "named",
    [
        "subprocess:Popen",
        "mlflow_serverless.native.start:subprocess",
        "mlflow_serverless.native.start:started",
        "mlflow_serverless.store:ContentStore",
        "mlflow_serverless.store:digest_file",
    ],
)
def test_nothing_but_our_values_is_made(named):
    """
    The other side runs a stranger's model; what it writes makes values and no calls.
    """
    with pytest.raises(ValueError, match=r"our|values"):
        decode({"class": named, "fields": {}})


def test_what_is_not_ours_is_not_sent():
    """
    A class from elsewhere is a mistake of ours, found where it is made.
    """
    with pytest.raises(TypeError, match="not ours"):
        encode(object())
