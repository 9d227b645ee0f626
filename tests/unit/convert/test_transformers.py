"""transformers pipelines: refused with the reason, and the engine that serves them."""

import pytest

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.transformers import GENERATES, TOKENISES, kind, why
from tests.models import deep


@pytest.mark.parametrize(
    "task", sorted(GENERATES | TOKENISES | {"image-classification"})
)
def test_every_task_has_its_reason(task):
    """
    What has no graph is said by task, for a model whose weights are at hand.
    """
    assert task in why({"task": task, "model_binary": "model"})


def test_weights_on_a_hub_are_named():
    """
    A reference to a hub is no model that can be served from a bundle.
    """
    said = why({"task": "ner", "source_model_name": "someone/ner"})

    assert "someone/ner" in said
    assert "pipeline of Net" == kind(
        {"instance_type": "pipeline", "pipeline_model_type": "Net"}
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_saved_pipeline_is_left_to_the_native_engine(tmp_path, monkeypatch):
    """
    A real pipeline, as MLflow saves it, is refused by name and task.
    """
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("transformers", reason="transformers is not installed")
    import mlflow
    import pandas as pd
    from mlflow.models import infer_signature

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    made = deep.text_classifier(tmp_path / "bert")
    texts = pd.DataFrame({"text": ["the model is good", "not very !"]})
    signature = infer_signature(texts, pd.DataFrame(made(texts["text"].tolist())))
    mlflow.transformers.save_model(
        made, str(tmp_path / "model"), signature=signature,
        pip_requirements=["transformers"],
    )  # fmt: skip

    with pytest.raises(NoConversionError, match="text-classification") as caught:
        deep.converted(tmp_path / "model")

    assert "BertForSequenceClassification" in caught.value.message
    assert "engine=native" in caught.value.hint
