"""What is raised on purpose: a code each, and what to type that can be typed."""

from __future__ import annotations

import re

from mlflow_serverless.config.describe import options
from tests.fakes.known_errors import known

ERRORS = known()
ELSEWHERE = {
    "code_paths", "input_example", "interpreter", "random_state", "signature",
    "skops_trusted_types", "strategy",
}  # fmt: skip
"""Arguments of MLflow, scikit-learn and our Python API, and a short name of ours."""

OPTION = re.compile(r"(?<![\w$/.-])([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)=")


def test_a_code_names_one_error():
    """Whoever searches for a code finds one thing; so does the embedded cloud."""
    codes = [error.code for error in ERRORS]

    assert sorted(set(codes)) == codes
    assert len(codes) > 100


def test_every_error_says_what_it_is_and_what_to_type():
    """By a stable kebab-case code, whose move it is, a sentence, and a hint."""
    for error in ERRORS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", error.code), error
        assert error.kind, error
        assert error.meaning.endswith("."), error
        assert error.hint, error


def test_options_that_hints_name_exist():
    """Who types what a hint says is understood."""
    there = {option.key for option in options()} | ELSEWHERE
    named = {
        (error.name, option)
        for error in ERRORS
        for option in OPTION.findall(error.hint)
    }

    assert set() == {(name, option) for name, option in named if option not in there}
    assert named
