"""Comparisons where there is little to compare."""

import numpy as np
import pytest

from mlflow_serverless.verify.outputs import Outputs
from mlflow_serverless.verify.parity import compare
from mlflow_serverless.verify.stats import Tolerance


@pytest.mark.parametrize("native", [(0,), (0, 2), (0, 3)])
def test_no_rows_are_no_rows(native):
    """Libraries disagree on the width of nothing; on the wire it is `[]`."""
    tolerance = Tolerance(1e-6, 1e-6, tie_band=1e-6)
    said = Outputs("array", {"": np.zeros(native)})
    graph = Outputs("array", {"": np.zeros((0, 3), "f4")})

    assert "" == compare(said, graph, tolerance).fault
    assert 0 == compare(said, graph, tolerance).beyond


def test_another_width_is_a_fault_where_there_are_rows():
    """One column too few is not the model's answer."""
    tolerance = Tolerance(1e-6, 1e-6, tie_band=1e-6)
    said = Outputs("array", {"": np.zeros((4, 2))})
    graph = Outputs("array", {"": np.zeros((4, 3))})

    assert "shape" in compare(said, graph, tolerance).fault
