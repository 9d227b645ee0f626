"""The canonical pipeline, through our own converter: exact, and proved so."""

from dataclasses import replace

import pytest

from mlflow_serverless.convert import convert
from mlflow_serverless.verify import ParityOptions, candidate_of, examine, verify
from mlflow_serverless.verify.batch import null_is_nan
from tests.models.canonical import pipeline
from tests.unit.verify.saved import save_sklearn

OPTIONS = ParityOptions(samples=300, boundary_rows=3_000)


@pytest.fixture(scope="module")
def forest(tmp_path_factory):
    """A forest behind the canonical preprocessing, and its graph."""
    from sklearn.ensemble import RandomForestClassifier

    folder = tmp_path_factory.mktemp("canonical")
    model, data = pipeline(RandomForestClassifier(10, max_depth=6, random_state=0))
    servable = save_sklearn(model, data, folder / "model", predict_fn="predict_proba")
    return servable, convert(servable, folder).graph


def test_mixed_columns_are_exact_in_every_group(forest):
    """
    Int, float, text and boolean columns, some missing: every group agrees, and the
    runtime's own answers do.
    """
    servable, graph = forest

    report = verify(servable, [candidate_of(graph)], options=OPTIONS)

    found = report.candidates[0]
    assert {"thresholds", "split paths", "unseen", "missing", "large"} <= {
        group.name for group in found.groups
    }
    assert found.runtime is not None
    assert found.runtime.rows > 100
    assert (0, 0) == (found.runtime.wrong, found.runtime.refused)


def test_the_engine_that_will_serve_is_asked(forest):
    """
    Where Python's bindings are chosen to serve, JSON goes through them.
    """
    servable, graph = forest
    chosen = replace(candidate_of(graph), engine="ort-python")

    report = verify(servable, [chosen], options=replace(OPTIONS, samples=50))

    assert "ort-python" == report.candidates[0].runtime.engine
    assert 0 == report.candidates[0].runtime.wrong


@pytest.mark.skipif(not null_is_nan(), reason="this pandas reads null as None")
def test_only_what_a_request_can_say_is_asked(forest):
    """
    Where null arrives as NaN, a feed that reads it otherwise is caught by JSON rows.
    """
    servable, graph = forest
    wrong = tuple(feed._replace(null="somewhere else") for feed in graph.feeds)

    report = examine(
        servable, [candidate_of(replace(graph, feeds=wrong))], options=OPTIONS
    )

    assert not report.passed
    assert "through the runtime" in report.candidates[0].verdict
    assert "in 'missing'" in report.candidates[0].verdict
