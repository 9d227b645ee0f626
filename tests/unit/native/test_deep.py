"""Deep models that no graph repeats, served by their own libraries; tiny ones."""

import pandas as pd
import pytest

_WHY = "torch and transformers are not installed: make deep"
torch = pytest.importorskip("torch", reason=_WHY)

from mlflow_serverless.native import make  # noqa: E402 - after the skip
from mlflow_serverless.package import read_bundle  # noqa: E402
from mlflow_serverless.verify import ParityOptions  # noqa: E402
from tests.models import deep  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # the libraries deprecate one another
]

QUICK = ParityOptions(samples=40, boundary_rows=40)
TEXTS = ["the model is good", "not very !", "bad", "", "zebra ##ly the the"]


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Nothing is fetched, whatever a library would like to look up."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def natively(folder):
    """The saved model, made and proved; its bundle's manifest."""
    made = make(
        deep.resolved(folder), folder.parent / "bundle", why="to be sure", options=QUICK
    )
    runtime = made.report.candidates[0].runtime
    assert (True, 0, 0) == (made.report.passed, runtime.wrong, runtime.refused)
    assert runtime.rows > 20
    return made, read_bundle(folder.parent / "bundle").manifest


def test_a_transformers_pipeline_answers_labels_and_scores(tmp_path):
    """
    Tokeniser, network and post-processing: texts in, labels and scores out.
    """
    pytest.importorskip("transformers", reason=_WHY)
    import mlflow
    from mlflow.models import infer_signature

    pipeline = deep.text_classifier(tmp_path / "bert")
    texts = pd.DataFrame({"text": TEXTS})
    mlflow.transformers.save_model(
        pipeline, str(tmp_path / "model"), pip_requirements=["transformers"],
        signature=infer_signature(texts, pd.DataFrame(pipeline(TEXTS))),
    )  # fmt: skip
    made, manifest = natively(tmp_path / "model")

    assert "pyfunc" == made.loader
    assert {"label": "string", "score": "float64"} == {
        field.name: tensor.dtype
        for field, tensor in zip(manifest.answer.fields, manifest.outputs, strict=True)
    }


def test_sentence_transformers_answer_embeddings(tmp_path):
    """
    A text becomes the very vector that the library gives it.
    """
    pytest.importorskip("sentence_transformers", reason=_WHY)
    import mlflow
    from mlflow.models import infer_signature

    embedder = deep.sentence_embedder(tmp_path / "bert")
    texts = pd.DataFrame({"text": TEXTS})
    mlflow.sentence_transformers.save_model(
        embedder, str(tmp_path / "model"), pip_requirements=["sentence-transformers"],
        signature=infer_signature(texts, embedder.encode(TEXTS)),
    )  # fmt: skip
    _, manifest = natively(tmp_path / "model")

    assert ("array", "float32", (None, 16)) == (
        manifest.answer.form, *manifest.outputs[0][1:],
    )  # fmt: skip


def test_a_module_that_no_graph_repeats_is_served_by_torch(tmp_path):
    """
    What `torch.onnx` cannot export for any batch, torch itself answers.
    """

    class Doubling(torch.nn.Module):
        def forward(self, x):
            return x * float(x.shape[0])

    folder = deep.save_torch(
        Doubling(), deep.tables(3), tmp_path / "model", answers=deep.tables(3),
        serialization_format="pickle",
    )  # fmt: skip
    _, manifest = natively(folder)

    assert ("float32", (None, 6)) == manifest.outputs[0][1:]
