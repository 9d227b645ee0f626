"""sentence-transformers: refused with the reason, and the engine that serves them."""

import pytest

from mlflow_serverless.convert.errors import NoConversionError
from tests.models import deep


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_saved_embedder_is_left_to_the_native_engine(tmp_path, monkeypatch):
    """
    A real model, as MLflow saves it, is refused because of its tokeniser.
    """
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip(
        "sentence_transformers", reason="sentence-transformers is not installed"
    )
    import mlflow
    from mlflow.models import infer_signature

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    made = deep.sentence_embedder(tmp_path / "bert")
    texts = ["the model is good", "not very !"]
    signature = infer_signature(texts, made.encode(texts))
    mlflow.sentence_transformers.save_model(
        made, str(tmp_path / "model"), signature=signature,
        pip_requirements=["sentence-transformers"],
    )  # fmt: skip

    with pytest.raises(NoConversionError, match="tokeniser") as caught:
        deep.converted(tmp_path / "model")

    assert "engine=native" in caught.value.hint
