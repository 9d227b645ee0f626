"""An action's inputs become words that mean just what was given."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_serverless.github.errors import BadActionInputError
from mlflow_serverless.github.inputs import words_of
from mlflow_serverless.github.outcome import links_of, outcome, url_of


def test_lines_become_one_option_each():
    """
    Without empty ones and comments; a value may have spaces and equal signs.
    """
    config = "memory_mb=512\n\n  # why\nallow=a b\r\nx=y=z\n"
    words = words_of("deploy", json.dumps({"name": "fraud", "config": config}))

    assert [
        "deploy", "--name=fraud", "--config=memory_mb=512", "--config=allow=a b",
        "--config=x=y=z",
    ] == words  # fmt: skip


def test_what_is_not_given_is_not_said():
    """
    Empty inputs, flags that are false, an event that there is none of.
    """
    inputs = {"policy": "", "dry-run": "false", "event": "null", "only": "\n"}

    assert ["reconcile"] == words_of("reconcile", json.dumps(inputs))


def test_a_rehearsal_is_a_plan():
    """
    `deploy` with `dry-run` is `plan`, of the same things.
    """
    inputs = {"name": "fraud", "model": "models:/fraud/1", "dry-run": "true"}

    assert ["plan", "--name=fraud", "--model-uri=models:/fraud/1"] == words_of(
        "deploy", json.dumps(inputs)
    )


@pytest.mark.parametrize(
    "inputs, said",
    [
        ("{", "not JSON"),
        ("[]", "no JSON object"),
        ('{"nmae": "x"}', "nmae is none of adopt, comment, config"),
        ('{"adopt": "yes"}', "neither true nor false"),
    ],
)
def test_a_mistake_is_said(inputs, said):
    """
    With the input's name, and what there is.
    """
    with pytest.raises(BadActionInputError) as refused:
        words_of("deploy", inputs)

    assert said in refused.value.message


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_value_is_never_two_words(text):
    """
    Whatever it is, there is at most one more word, and it begins with its option.
    """
    words = words_of("rollback", json.dumps({"name": "fraud", "to": text}))

    assert ["rollback", "--name=fraud"] == words[:2]
    assert words[2:] == ([f"--to={text.strip()}"] if text.strip() else [])


def test_links_lead_to_the_models_pages():
    """
    On a server; a store in a file has no pages, a model outside the registry has none.
    """
    seen = [
        outcome("a", "lambda", intent="Deploy", state="done", model="models:/my m/2"),
        outcome("b", "lambda", intent="Deploy", state="done", model="runs:/x/model"),
        outcome("c", "lambda", intent="Deploy", state="failed"),
    ]

    assert {"my m 2 in MLflow": "https://ml/#/models/my%20m/versions/2"} == links_of(
        seen, "https://ml/"
    )
    assert {} == links_of(seen, "sqlite:///mlflow.db")


def test_the_reports_are_one_click_away():
    """
    On the page of the run that made the model, where there is one.
    """
    seen = [
        outcome(
            "a", "lambda", intent="Deploy", state="done", model="models:/m/2", run="r1"
        )
    ]
    assert "https://ml/#/runs/r1" == links_of(seen, "https://ml")["reports of m 2"]


def test_the_url_is_the_function_s_or_the_api_s():
    """
    Empty where it is called by invocation alone.
    """
    assert "https://f" == url_of([("url", "https://f"), ("api_url", "https://a")])
    assert "https://a" == url_of([("api_url", "https://a")])
    assert "" == url_of([])
