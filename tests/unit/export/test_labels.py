"""A label that changed would have its resource made twice."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.config import parse
from mlflow_serverless.export.labels import camel, labels, snake
from mlflow_serverless.plan import LogGroup, key_of
from tests.unit.export.wants import EVERYTHING, wanted

FUNCTIONS = st.from_regex(r"[A-Za-z0-9-_]{1,64}", fullmatch=True)


@settings(max_examples=30, deadline=None)
@given(name=FUNCTIONS, data=st.data())
def test_a_label_does_not_depend_on_what_else_there_is(name, data):
    """Adding or removing resources renames none of the others."""
    want = wanted(parse(EVERYTHING), name)
    kept = data.draw(st.sets(st.sampled_from(want.resources)))
    fewer = replace(want, resources=tuple(r for r in want.resources if r in kept))
    every = labels(want)

    assert {key_of(r): every[key_of(r)] for r in fewer.resources} == labels(fewer)


@settings(max_examples=30, deadline=None)
@given(name=FUNCTIONS)
def test_labels_differ_and_may_be_written(name):
    """Each resource has its own, in letters that both tools take."""
    every = labels(wanted(parse(EVERYTHING), name))

    for spelled in (camel, snake):
        written = [spelled(words) for words in every.values()]
        assert len(written) == len(set(written))
    assert all(camel(words).isalnum() for words in every.values())


def test_two_that_would_be_called_the_same_are_told_apart():
    """The second one has a digest of its name in its label."""
    two = (LogGroup(name="/aws/lambda/fraud"), LogGroup(name="/else"))

    first, second = labels(replace(wanted(parse({})), resources=two)).values()

    assert ("log", "group") == first
    assert first == second[:2]
    assert len(second) == 3
