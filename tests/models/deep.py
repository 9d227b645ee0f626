"""From a saved model's folder through the rooms, as the pipeline walks; deep models."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from mlflow_serverless.convert import Conversion, convert
from mlflow_serverless.model import ServableModel
from mlflow_serverless.optimise import Artefact, optimise
from mlflow_serverless.resolve import resolve
from mlflow_serverless.verify import ParityOptions, ParityReport, candidate_of, examine

QUICK = ParityOptions(samples=200, boundary_rows=1_000, runtime_rows=40)
"""Enough to see a wrong graph, in a second."""


def resolved(folder: Path) -> ServableModel:
    """The model that MLflow saved in *folder*."""
    return resolve(str(folder), downloads=folder.parent / "downloads")


def converted(folder: Path) -> Conversion:
    """Its graph."""
    target = folder.parent / "converted"
    target.mkdir(exist_ok=True)
    return convert(resolved(folder), target)


def optimised(conversion: Conversion, target: Path) -> tuple[Artefact, ...]:
    """Its forms, in *target*."""
    target.mkdir(exist_ok=True)
    return optimise(conversion, target)


def proved(
    folder: Path, options: ParityOptions = QUICK
) -> tuple[Conversion, ParityReport]:
    """Convert, optimise, and compare every form with the model itself."""
    conversion = converted(folder)
    forms = optimised(conversion, folder.parent / "optimised")
    candidates = [candidate_of(f.graph, variant=f.variant) for f in forms]
    return conversion, examine(resolved(folder), candidates, options=options)


def images(rows: int, *, size: int = 8) -> np.ndarray[Any, Any]:
    """float32 `(rows, 3, size, size)`."""
    shape = (rows, 3, size, size)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def tables(rows: int, *, width: int = 6) -> np.ndarray[Any, Any]:
    """float32 `(rows, width)`."""
    shape = (rows, width)
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def _torch_seeded() -> Any:
    import torch

    torch.manual_seed(0)
    return torch


def network(width: int = 6, outputs: int = 3) -> Any:
    """A small dense network with softmax."""
    nn = _torch_seeded().nn
    return nn.Sequential(
        nn.Linear(width, 32), nn.ReLU(), nn.Dropout(0.3), nn.LayerNorm(32),
        nn.Linear(32, outputs), nn.Softmax(-1),
    ).eval()  # fmt: skip


def convolution(size: int = 8) -> Any:
    """A small image classifier with batch normalisation."""
    nn = _torch_seeded().nn
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(8 * (size // 2) ** 2, 5),
    ).eval()  # fmt: skip


def attention(width: int = 16) -> Any:
    """A transformer's encoder, mean-pooled."""
    torch = _torch_seeded()

    class Encoder(torch.nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            layer = torch.nn.TransformerEncoderLayer(
                width, 2, 32, batch_first=True, dropout=0.0
            )
            self.layers = torch.nn.TransformerEncoder(
                layer, 1, enable_nested_tensor=False
            )

        def forward(self, x: Any) -> Any:
            return self.layers(x).mean(1)

    return Encoder().eval()


def save_torch(
    module: Any, example: Any, folder: Path, *, answers: Any = None, **options: Any
) -> Path:
    """*module* as MLflow saves it; pt2 unless told otherwise."""
    import mlflow
    import torch
    from mlflow.models import infer_signature

    rows = example.to_numpy(np.float32) if hasattr(example, "columns") else example
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        answer = module(torch.from_numpy(rows)).numpy() if answers is None else answers
        mlflow.pytorch.save_model(
            module, folder, input_example=example, pip_requirements=["torch"],
            signature=infer_signature(example, answer), **options,
        )  # fmt: skip
    return folder


def keras_network(width: int = 6) -> Any:
    """A small dense network."""
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential([
        keras.Input((width,)), layers.Dense(24, "relu"), layers.Dropout(0.3),
        layers.LayerNormalization(), layers.Dense(3, "softmax"),
    ])  # fmt: skip


def keras_convolution(size: int = 8) -> Any:
    """A small image classifier of the functional form."""
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    image = keras.Input((size, size, 3))
    value = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    value = layers.BatchNormalization()(value)
    value = layers.GlobalAveragePooling2D()(layers.MaxPooling2D()(value))
    return keras.Model(image, layers.Dense(4)(value))


def keras_normalised(size: int = 8) -> Any:
    """Pools before it convolves, and normalises before its ReLU: NaN goes elsewhere."""
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential([
        keras.Input((size, size, 3)), layers.MaxPooling2D(), layers.Conv2D(6, 3),
        layers.BatchNormalization(), layers.ReLU(), layers.Flatten(), layers.Dense(2),
    ])  # fmt: skip


def keras_recurrent() -> Any:
    """Whole numbers, embedded and read one after the other."""
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential([
        keras.Input((5,), dtype="int32"), layers.Embedding(300, 8), layers.LSTM(12),
        layers.Dense(1, "sigmoid"),
    ])  # fmt: skip


def save_keras(network: Any, example: Any, folder: Path, flavor: str) -> Path:
    """*network* as MLflow's *flavor* (`tensorflow` or `keras`) saves it."""
    import importlib

    from mlflow.models import infer_signature

    room = importlib.import_module(f"mlflow.{flavor}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = network.predict(example, verbose=0)
        signature = infer_signature(example, answer)
        extra = {"input_example": example, "pip_requirements": [flavor]}
        folder.mkdir()  # mlflow.keras writes the example before it makes the folder
        room.save_model(network, path=str(folder), signature=signature, **extra)
    return folder


WORDS = (
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "model", "is", "good", "bad",
    "not", "very", "##ly", "!",
)  # fmt: skip
"""All that the tokeniser knows."""


def tiny_bert(folder: Path) -> Path:
    """A random BERT of a few thousand weights with its own vocabulary, in *folder*."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    folder.mkdir()
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS))
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1,
        num_attention_heads=2, intermediate_size=32, max_position_embeddings=32,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    BertTokenizerFast(vocab_file=str(vocabulary)).save_pretrained(folder)
    return folder


def text_classifier(folder: Path) -> Any:
    """A pipeline around `tiny_bert`."""
    from transformers import (
        AutoTokenizer,
        BertForSequenceClassification,
        pipeline,
    )

    made = tiny_bert(folder)
    network = BertForSequenceClassification.from_pretrained(made).eval()
    tokeniser = AutoTokenizer.from_pretrained(made)
    return pipeline("text-classification", model=network, tokenizer=tokeniser)


def sentence_embedder(folder: Path) -> Any:
    """Mean-pooled sentences through `tiny_bert`."""
    from sentence_transformers import SentenceTransformer, models

    words = models.Transformer(str(tiny_bert(folder)))
    pooling = models.Pooling(words.get_word_embedding_dimension())
    return SentenceTransformer(modules=[words, pooling], device="cpu")
