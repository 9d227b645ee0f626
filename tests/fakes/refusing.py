"""An estimator behind the real runtime, with the refusals that the proof would find."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lambda_runtime.engine import open_session
from lambda_runtime.exchange import Request
from lambda_runtime.manifest import Engine, Manifest, Model, Variant
from lambda_runtime.protocol.service import Service
from mlflow_serverless.convert.draft import save
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.frame import Frame
from mlflow_serverless.convert.lower.registry import Result, lower
from mlflow_serverless.convert.lowered import draft_of
from mlflow_serverless.convert.recipes import catalogue
from mlflow_serverless.verify.asked import Asked, ask
from mlflow_serverless.verify.gaps import probe, refusals_of
from mlflow_serverless.verify.native import Refusal, brief, quiet
from mlflow_serverless.verify.outputs import Outputs, normalise
from mlflow_serverless.verify.posted import parse, payload
from mlflow_serverless.verify.samples import Group
from tests.fakes.lowering import signature_of


class Bare:
    """An estimator as the proof asks it, without MLflow around it."""

    def __init__(self, estimator: Any, method: str = "predict") -> None:
        self._ask: Callable[[Any], Any] = getattr(estimator, method)

    def predict(self, batch: Any) -> Outputs | Refusal:
        """Its answer, or why there is none."""
        try:
            with quiet():
                return normalise(self._ask(batch))
        except Exception as cause:  # noqa: BLE001 - an estimator may raise anything
            return Refusal(brief(cause))

    def margins(self, *_: Any) -> None:
        """It has none."""


def behind_runtime(estimator: Any, data: pd.DataFrame, method: str = "predict") -> Any:
    """A function from rows to the status that a caller gets for them, and the body."""
    catalogue.register()
    signature = signature_of(data)
    draft = draft_of(Builder(), signature, lambda f: _lowered(estimator, method, f))
    with tempfile.TemporaryDirectory() as folder:
        graph = save(draft, Path(folder) / "model.onnx")
        variant = Variant("portable", graph.file.name)
        session = open_session("ort-c", str(graph.file), variant, threads=1)
    manifest = Manifest(
        model=Model("models:/m/1"), engine=Engine(), inputs=graph.inputs,
        outputs=graph.outputs, variants=(variant,), signature=signature,
        feeds=graph.feeds, answer=graph.answer, files=(),
        refusals=refusals_of(probe(Bare(estimator, method), plain(estimator, data),
                                   signature), signature),
    )  # fmt: skip
    service = Service(manifest, session.run, lambda _: None)

    def post(rows: pd.DataFrame) -> tuple[int, bytes]:
        headers = {"content-type": "application/json"}
        request = Request("POST", "/invocations", headers, payload(rows))
        found = service.respond(request)
        return found.status, found.body

    return post


def _lowered(estimator: Any, method: str, frame: Frame) -> Result:
    """By the recipes, or from CatBoost's own trees."""
    if type(estimator).__module__.startswith("catboost"):
        from mlflow_serverless.convert import catboost

        return catboost.answer(estimator, catboost.read(estimator), frame)
    return lower(estimator, method, frame)


def plain(estimator: Any, data: pd.DataFrame) -> list[Asked]:
    """Rows that the estimator answers."""
    return [ask(Bare(estimator), Group(name="drawn", why="", batch=data.head(20)))]


def agree(expected: Outputs | Refusal, status: int, body: bytes) -> bool:
    """Whether model and runtime both refuse, or answer the same."""
    if isinstance(expected, Refusal):
        return 400 <= status < 500
    if status != 200:
        return False
    said = parse(json.loads(body)["predictions"], expected).arrays[""]
    known = expected.arrays[""].astype(float)
    known[~np.isfinite(known)] = np.nan
    return np.allclose(known, said.astype(float), rtol=1e-8, equal_nan=True)
