"""Keras 3 models, through tf2onnx."""

import numpy as np
import pytest

_WHY = "TensorFlow is not installed: pip install tensorflow-cpu tf2onnx"
tf = pytest.importorskip("tensorflow", reason=_WHY)
pytest.importorskip("tf2onnx", reason=_WHY)

from mlflow_serverless.convert.errors import NoConversionError  # noqa: E402 - see above
from tests.models import deep  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # TensorFlow deprecates itself
]

PIXELS = np.random.default_rng(0).normal(size=(3, 8, 8, 3)).astype(np.float32)
CODES = np.random.default_rng(0).integers(0, 300, (4, 5)).astype(np.int32)


@pytest.mark.parametrize("flavor", ["tensorflow", "keras"])
@pytest.mark.parametrize(
    ("build", "example"),
    [
        (deep.keras_network, deep.tables(1)),
        (deep.keras_network, deep.tables(4).astype(np.float64)),
        (deep.keras_convolution, PIXELS),
        (deep.keras_normalised, PIXELS),
        (deep.keras_recurrent, CODES),
    ],
    ids=["one row", "float64", "images", "normalised", "codes"],
)
def test_a_keras_model_answers_as_it_does(build, example, flavor, tmp_path):
    """
    Dense, convolutional and recurrent networks pass the gate, for any batch.
    """
    folder = deep.save_keras(build(), example, tmp_path / "model", flavor)

    conversion, report = deep.proved(folder)

    assert "" == "; ".join(c.verdict for c in report.candidates if not c.passed)
    assert None is conversion.graph.inputs[0].shape[0]
    assert () == conversion.report.warnings
    assert report.rows > 20


def test_a_bare_module_is_left_to_the_native_engine(tmp_path):
    """
    What is no Keras model is refused, with the engine that serves it.
    """
    import mlflow
    from mlflow.models import infer_signature

    class Doubles(tf.Module):
        @tf.function
        def __call__(self, x):  # noqa: ANN204 - traced as it is
            return x * 2

    rows = deep.tables(2)
    module = Doubles()
    module(tf.constant(rows))
    mlflow.tensorflow.save_model(
        module, path=str(tmp_path / "m"), signature=infer_signature(rows, rows),
        pip_requirements=["tensorflow"],
    )  # fmt: skip

    with pytest.raises(NoConversionError, match="module") as caught:
        deep.converted(tmp_path / "m")

    assert "engine=native" in caught.value.hint
