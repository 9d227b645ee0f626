"""A stage with one model of three versions."""

import pytest

from tests.fakes.scene import Stage


@pytest.fixture
def stage(tmp_path):
    made = Stage(tmp_path)
    made.registry.register("fraud", 3)
    return made
