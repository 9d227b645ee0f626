"""What serving takes: measured on the real runtime, in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlflow_serverless.measure import measure
from mlflow_serverless.measure.asked import MOST_BYTES, Asked, requests_for
from mlflow_serverless.native.errors import ColdStartError
from mlflow_serverless.verify import ParityOptions
from tests.fakes.bundle import COLUMNS, write_bundle
from tests.fakes.saving import save

FEW = ParityOptions(samples=50, boundary_rows=1)


def asked(rows: int) -> Asked:
    data = [[0.5] * len(COLUMNS)] * rows
    body = {"dataframe_split": {"columns": list(COLUMNS), "data": data}}
    return Asked(json.dumps(body).encode(), rows)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A small graph."""
    return write_bundle(tmp_path_factory.mktemp("bundle") / "small")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """An estimator with an example, as MLflow keeps it."""
    data = pd.DataFrame({"a": np.linspace(0, 1, 9), "b": np.linspace(3, 1, 9)})
    estimator = LogisticRegression().fit(data, [0, 1, 0] * 3)
    return save(estimator, data, tmp_path_factory.mktemp("model") / "it")


@pytest.mark.skipif(sys.platform != "linux", reason="read off /proc")
def test_more_rows_take_more_memory(bundle):
    """The peak is the process's own: less than this one has, which is its parent."""
    few, many = measure(bundle, [asked(1)]), measure(bundle, [asked(1), asked(60_000)])
    ours = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

    assert (1, 2) == (few.requests, many.requests)
    assert 60_001 == many.rows
    assert 8 < few.memory_mb < ours // 1024
    assert few.memory_mb + 5 < many.memory_mb


def test_a_bundle_that_does_not_serve_cannot_be_measured(bundle, tmp_path):
    """And says so."""
    (tmp_path / "manifest.json").write_bytes(b"{}")

    with pytest.raises(ColdStartError):
        measure(tmp_path, [asked(1)])


def test_requests_are_the_example_and_the_rows_of_the_proof(model):
    """The example as it would be asked first; then every group that can be drawn."""
    first, *more = requests_for(model, FEW, b"the example")

    assert Asked(b"the example", 0) == first
    assert 3 <= len(more)
    assert 50 <= sum(one.rows for one in more)
    for one in more:
        assert {"dataframe_split"} == json.loads(one.body).keys()


def test_no_request_is_larger_than_callers_send(model):
    """However many rows there are to ask; one row is asked, however large it is."""
    sizes = {
        most: [(len(x.body), x.rows) for x in requests_for(model, FEW, None, most)]
        for most in (MOST_BYTES, 700, 1)
    }

    assert max(sizes[MOST_BYTES]) > (700, 1)
    assert all(size <= 700 for size, rows in sizes[700] if rows > 1)
    assert {1} == {rows for _, rows in sizes[1]}
