"""A model as it comes from the registry, for tests that look into no file of it."""

from __future__ import annotations

from pathlib import Path

from lambda_runtime.manifest import Column, Param, Signature
from mlflow_serverless.model import ServableModel

MODEL = ServableModel(
    uri="models:/fraud/7", asked="models:/fraud@champion", name="fraud", version="7",
    model_id=f"m-{'a' * 32}", run_id=None, flavor="sklearn", predict_fn="predict",
    signature=Signature(
        columns=(Column("größe", "double"),), params=(Param("t", "long", 1, (-1,)),)
    ),
    folder=Path("model"), digest="sha256:00", requirements=(), example=None,
)  # fmt: skip
