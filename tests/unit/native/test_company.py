"""What a row is answered may depend on the rows beside it; natively, too."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import NMF
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from mlflow_serverless.native import make
from mlflow_serverless.verify import ParityOptions
from tests.fakes.saving import save


@pytest.mark.slow
def test_a_solver_that_stops_by_the_batch_is_asked_the_same_batches(tmp_path):
    """
    NMF stops when all rows together are near enough: the proof keeps them together.
    """
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.random((60, 5)), columns=list("abcde"))
    model = make_pipeline(NMF(3, max_iter=500), Ridge())
    model.fit(data, data["a"] * 2 - data["b"])
    together, alone = model.predict(data), model.predict(data[:1])
    servable = save(model, data, tmp_path / "model")

    made = make(
        servable, tmp_path / "bundle", why="no recipe",
        options=ParityOptions(samples=100, boundary_rows=100),
    )  # fmt: skip

    assert abs(together[0] - alone[0]) > 1e-9
    assert made.report.passed
