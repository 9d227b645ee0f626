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
