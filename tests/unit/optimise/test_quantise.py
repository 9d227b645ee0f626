import numpy as np
import pytest

from mlflow_serverless.optimise import Precision, quantise
from mlflow_serverless.optimise.errors import NothingToQuantiseError
from tests.fakes.binding import answer
from tests.models import canonical, tables
from tests.unit.optimise.test_optimise import converted

pytestmark = pytest.mark.filterwarnings("ignore")


def network(tmp_path):
    from sklearn.neural_network import MLPClassifier

    data = tables.numbers(400).to_numpy(np.float32)
    labels = tables.three_classes(tables.numbers(400))
    model = MLPClassifier((64, 64), max_iter=60, random_state=0).fit(data, labels)
    return model, data, converted(model, data, tmp_path / "in").graph


@pytest.mark.parametrize(("precision", "moves"), [("int8", 0.2), ("float16", 0.01)])
def test_weights_shrink_and_answers_move_a_little(tmp_path, precision, moves):
    """
    The report says how much smaller it is; answers stay near, not equal.
    """
    model, data, graph = network(tmp_path)

    made = quantise(graph, tmp_path, Precision(precision))

    got = answer(made.graph, data)
    assert made.operators >= 2
    assert made.after_bytes < made.before_bytes
    assert 0 < np.abs(got - model.predict_proba(data)).max() < moves


def test_a_graph_without_float32_weights_is_refused(tmp_path):
    """
    Nothing would be gained, so nothing is done.
    """
    model, data = canonical.pipeline()
    graph = converted(model, data, tmp_path / "in").graph

    with pytest.raises(NothingToQuantiseError, match="no float32 weights"):
        quantise(graph, tmp_path, Precision.INT8)
