"""Every suite can be begun; what it measures takes minutes, and is not."""

import importlib

import pytest

from benchmarks.__main__ import SUITES


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_can_be_loaded_and_run(suite: str):
    """
    What its module takes from its neighbours is there.
    """
    assert callable(importlib.import_module(f"benchmarks.{suite}").run)
