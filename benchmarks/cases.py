"""The models of the cold-start table, in the form that each contestant loads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import models
from benchmarks.bundles import bundle_of, bundle_of_graph
from lambda_runtime.manifest import from_plain


@dataclass(frozen=True, slots=True)
class Case:
    """One model: what is asked of it, and how it is made."""

    title: str
    shape: tuple[int, ...]
    """Of the request's one row."""
    make: Callable[[Path], object]
    """Given a folder: an estimator, or the path of an ONNX file."""

    def rows(self) -> dict[str, object]:
        """The request."""
        values = np.random.default_rng(1).normal(size=self.shape)
        return {"inputs": values.astype("f4").tolist()}


FOREST = "forest"
CASES = {
    "logistic": Case("logistic regression", (1, 32), lambda _: models.logistic()),
    "mlp": Case("MLP, 8 MB", (1, 32), lambda folder: models.mlp(folder / "mlp.onnx", layers=3)),
    "boosted": Case("XGBoost, 500 trees", (1, 32), lambda _: models.boosted()),
    FOREST: Case("forest, 200 trees of depth 12", (1, 32), lambda _: models.forest()),
    "convolutional": Case("convolutions, 100 MB", (1, 3, 14, 14), lambda folder: models.convolutional(folder / "c.onnx")),
    "transformer": Case("transformer's layers, 400 MB", (1, 16, 768), lambda folder: models.transformer(folder / "t.onnx")),
}  # fmt: skip


def lay_out(case: Case, folder: Path) -> Path:
    """
    Every contestant's form of the model, in one folder to be seen at `/opt/ml`.

    Ours is `bundle`; `model.onnx` is the stock converter's; for scikit-learn's own
    forest there are `model.joblib` and `mlflow` too.
    """
    made, work = case.make(_new(folder / "made")), _new(folder / "work")
    target = _new(folder / "ml")
    if isinstance(made, Path):
        bundle = bundle_of_graph(made, work)
        shutil.copy(made, target / "model.onnx")
    else:
        bundle = bundle_of(made, work)
        (target / "model.onnx").write_bytes(_stock(made, bundle))
    shutil.copytree(bundle, target / "bundle")
    if case is CASES[FOREST]:
        _as_scikit_learn(made, target)
    shutil.rmtree(folder / "made")
    shutil.rmtree(work)
    return target


def _new(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _stock(estimator, bundle: Path) -> bytes:
    """What tutorials do: the usual converter, as it comes; ours where it knows none."""
    if not type(estimator).__module__.startswith("sklearn"):
        manifest = from_plain(json.loads((bundle / "manifest.json").read_text()))
        return (bundle / manifest.variants[-1].file).read_bytes()
    from skl2onnx import to_onnx

    graph = to_onnx(estimator, models.table(1)[0], options={"zipmap": False})
    return graph.SerializeToString()


def _as_scikit_learn(estimator, target: Path) -> None:
    import joblib
    import mlflow.sklearn

    joblib.dump(estimator, target / "model.joblib")
    mlflow.sklearn.save_model(
        estimator, target / "mlflow", pip_requirements=["scikit-learn"],
        pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle",
    )  # fmt: skip
