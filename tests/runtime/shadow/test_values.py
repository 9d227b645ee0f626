"""Notes, envelopes, comparisons and counts: the values of shadowing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.faults import BadRequest
from lambda_runtime.shadow.compare import CLASSES, OTHER, apart, compare
from lambda_runtime.shadow.envelope import LIMIT, Pair, opened, wrapped
from lambda_runtime.shadow.note import Shadow, shadow_of
from lambda_runtime.shadow.outputs import counted


@pytest.mark.parametrize(
    "note, expected",
    [
        ('{"r":1,"c":"7","m":0.2}', Shadow("7", 0.2)),
        ('{"r":1,"c":"7","m":3}', Shadow("7", 1.0)),
        ('{"r":1,"c":"7"}', None),
        ('{"r":1,"c":"7","m":0}', None),
        ('{"r":1,"c":"7","m":true}', None),
        ('{"r":1,"c":"$LATEST","m":1}', None),
        ('{"r":2,"c":"7","m":1}', None),
        ('{"model":"models:/m/1"}', None),
        ("by hand", None),
        ("", None),
        ("[1]", None),
    ],
)
def test_only_a_rollouts_note_asks_for_a_shadow(note, expected):
    """What is not written by a rollout in its shadow stage mirrors nothing."""
    assert expected == shadow_of(note)


@given(st.text(), st.binary(), st.integers(200, 599), st.integers(0, 10**9))
def test_an_envelope_gives_back_what_went_in(event, served, status, took):
    """Event and answer arrive byte for byte, text or not."""
    pair = Pair(event.encode("utf-8", "replace"), served, status, took)

    envelope = wrapped(pair)

    assert pair == opened(json.loads(envelope))


def test_an_envelope_is_never_larger_than_lambda_takes():
    """What does not fit an asynchronous invocation is left out, not cut."""
    assert wrapped(Pair(b"x" * (LIMIT + 1), b"", 200, 0)) is None
    assert wrapped(Pair(b'"' * (LIMIT - 100), b"", 200, 0)) is None
    assert wrapped(Pair(b"\xff", b"", 200, 0)) is None


@pytest.mark.parametrize(
    "inside", [None, 3, {}, {"event": 1}, {"event": "", "served64": "§"}]
)
def test_a_malformed_envelope_is_the_senders_fault(inside):
    """It is refused as any bad request; nothing of it is run."""
    with pytest.raises(BadRequest):
        opened({"mlflow-serverless.shadow": inside})


def held(served, own, *, tolerance=0.1, status=200, own_status=200):
    texts = [json.dumps({"predictions": value}).encode() for value in (served, own)]
    pair = Pair(b"{}", texts[0], status, 10)
    return compare(pair, texts[1], own_status, door="direct", tolerance=tolerance)


@pytest.mark.parametrize(
    "served, own, expected",
    [
        (["a", "b"], ["a", "b"], (2, 0, 0.0, True)),
        (["a", "b"], ["a", "c"], (2, 1, 0.0, True)),
        ([1, 0], [1, 1], (2, 1, 0.0, True)),
        ([0.5, 0.5], [0.55, 0.75], (2, 1, 0.25, True)),
        ([1000.0], [1050.0], (1, 0, 0.05, True)),
        ([1.0], [None], (1, 1, 0.0, True)),
        ([[0.2, 0.8]], [[0.2, 0.8, 0.0]], (1, 1, 0.0, False)),
        (["1"], [1], (1, 1, 0.0, False)),
        ([1.0], ["1.0"], (1, 1, 0.0, False)),
        ([1, 2], [1], (2, 2, 0.0, False)),
        ([{"label": "a", "p": 0.9}], [{"label": "a", "p": 0.5}], (1, 1, 0.4, True)),
        ([{"label": "a"}], [{"name": "a"}], (1, 1, 0.0, False)),
        (
            {"y": [1, 2], "p": [0.1, 0.2]},
            {"y": [1, 3], "p": [0.1, 0.2]},
            (2, 1, 0.0, True),
        ),
    ],
)
def test_rows_are_compared_by_what_they_hold(served, own, expected):
    """Labels by equality, scores by distance, shapes and types exactly."""
    found = held(served, own)

    assert expected[:2] == (found.compared, found.disagreed)
    assert expected[2] == pytest.approx(found.distance)
    assert expected[3] == found.shape


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_everything_is_like_itself(value):
    """No answer disagrees with the same answer."""
    assert 0.0 == apart(value, value)


def test_errors_are_compared_as_errors():
    """One error is a disagreement; two are nothing to compare."""
    assert (1, 1) == held([1], [1], own_status=500)[:2]
    assert (1, 1) == held([1], [1], status=400)[:2]
    assert (0, 0) == held([1], [1], status=400, own_status=400)[:2]


def test_disagreement_is_told_by_served_class():
    """A version that is wrong for one class shows there; the rest are lumped."""
    served = ["a"] * 8 + ["b"] * 2
    found = held(served, ["a"] * 10)
    many = held(list(range(50)), list(range(50)))

    assert {"a": (8, 0), "b": (2, 2)} == found.classes
    assert CLASSES + 1 == len(many.classes)
    assert (50 - CLASSES, 0) == many.classes[OTHER]


def test_open_inference_answers_are_cut_into_rows():
    """Data is flat there; its first dimension tells the rows."""

    def answer(data):
        output = {"name": "p", "shape": [2, 2], "datatype": "FP32", "data": data}
        return json.dumps({"model_name": "m", "outputs": [output]}).encode()

    pair = Pair(b"{}", answer([0.1, 0.9, 0.5, 0.5]), 200, 1)
    found = compare(
        pair, answer([0.1, 0.9, 0.9, 0.1]), 200, door="direct", tolerance=0.1
    )

    assert (2, 1) == (found.compared, found.disagreed)


def test_answers_of_front_ends_are_unwrapped():
    """Behind a gateway the body is a text in an object."""

    def wrapping(value):
        body = json.dumps({"predictions": value})
        return json.dumps({"statusCode": 200, "body": body}).encode()

    pair = Pair(b"{}", wrapping(["a", "b"]), 200, 1)
    found = compare(pair, wrapping(["a", "x"]), 200, door="url", tolerance=0.1)

    assert (2, 1) == (found.compared, found.disagreed)


@pytest.mark.parametrize(
    "predictions, expected",
    [
        (["a", "b", "a"], {"a": 2, "b": 1}),
        ([0, 1, 1], {"0": 1, "1": 2}),
        ([True], {"True": 1}),
        ([0.13, 0.12, -0.01], {"0.15": 1, "0.10": 1, "0.00": 1}),
        ([1234.5, 1300.0], {"1e+03": 2}),
        ([[0.1, 0.7, 0.2]], {"#1": 1}),
        ([{"y": "a", "p": 0.3}], {"a": 1}),
        ([[3.7]], {"4e+00": 1}),
        ([None], {"null": 1}),
        ([], None),
    ],
)
def test_predictions_are_counted_by_label_or_bucket(predictions, expected):
    """So that two versions' predictions can be held against each other."""
    answer = json.dumps({"predictions": predictions}).encode()

    assert expected == counted(answer, "direct")


def test_answers_without_rows_are_not_counted():
    """Raw tensors and very long answers are passed over."""
    assert counted(b"\x00\x01", "direct") is None
    assert counted(b"[" + b"1," * 200_000 + b"1]", "direct") is None
