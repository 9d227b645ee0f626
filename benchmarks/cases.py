"""The models of the cold-start table, in the form that each contestant loads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks import models
from benchmarks.bundles import bundle_of, bundle_of_graph
from benchmarks.kept import CACHE, digest_of
from lambda_runtime.manifest_read import from_plain


@dataclass(frozen=True, slots=True)
class Case:
    """One model: what is asked of it, and how it is made."""

    title: str
    library: str
    """What it is a model of."""
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
    FOREST: Case("forest, 200 trees of depth 12", "sklearn", (1, 32), lambda _: models.forest()),
    "logistic": Case("logistic regression", "sklearn", (1, 32), lambda _: models.logistic()),
    "mlp": Case("MLP, 8 MB", "sklearn", (1, 32), lambda _: models.mlp()),
    "boosted": Case("XGBoost, 500 trees", "xgboost", (1, 32), lambda _: models.boosted()),
    "convolutional": Case("convolutions, 100 MB", "onnx", (1, 3, 14, 14), lambda folder: models.convolutional(folder / "c.onnx")),
    "transformer": Case("transformer's layers, 400 MB", "onnx", (1, 16, 768), lambda folder: models.transformer(folder / "t.onnx")),
}  # fmt: skip
"""The first has the gates."""

_THEIRS = tuple(f"benchmarks/{name}.py" for name in ("models", "cases", "bundles"))
_OURS = (
    *(f"mlflow_serverless/{room}" for room in ("convert", "optimise", "package")),
    "lambda_runtime/manifest.py",
)


def digest(key: str, *, ours: bool = True) -> str:
    """Of all that the model's forms are made of; of the peers' forms, if not *ours*."""
    libraries = ("mlflow", "numpy", "onnx", "onnxruntime", "scikit-learn", "skl2onnx")
    # Who has no converter of its own gets our graph.
    sources = _OURS if ours or CASES[key].library == "xgboost" else ()
    return digest_of(*_THEIRS, *sources, more=(key, *map(version, libraries)))


def forms(key: str) -> Path:
    """
    The folder to be seen at `/opt/ml`, with every contestant's form of the model.

    Ours is `bundle`, `mlflow` is what it was made from; `model.onnx` is the stock
    converter's; estimators are `model.joblib`, too. Made once, and kept.
    """
    place = CACHE / "models" / f"{key}-{digest(key)}"
    if not place.exists():
        for old in place.parent.glob(f"{key}-*"):
            shutil.rmtree(old)
        models.restart()
        _lay_out(CASES[key], place.with_name(f"{place.name}.part"))
        place.with_name(f"{place.name}.part").rename(place)
    return place


def _lay_out(case: Case, target: Path) -> None:
    target.mkdir(parents=True)
    work = target / "work"
    work.mkdir()
    made = case.make(work)
    if isinstance(made, Path):
        bundle = bundle_of_graph(made, work / "ours")
        shutil.copy(made, target / "model.onnx")
    else:
        bundle = bundle_of(made, work / "ours")
        (target / "model.onnx").write_bytes(_stock(made, bundle))
        _pickle(made, target / "model.joblib")
    bundle.rename(target / "bundle")
    (work / "ours" / "model").rename(target / "mlflow")
    shutil.rmtree(work)
    for path in target.rglob("*"):  # MLflow keeps external weights from other users
        path.chmod(path.stat().st_mode | 0o444)


def _stock(estimator, bundle: Path) -> bytes:
    """What tutorials do: the usual converter, as it comes; ours where it knows none."""
    if not type(estimator).__module__.startswith("sklearn"):
        manifest = from_plain(json.loads((bundle / "manifest.json").read_text()))
        return (bundle / manifest.variants[-1].file).read_bytes()
    from skl2onnx import to_onnx

    graph = to_onnx(estimator, models.table(1)[0], options={"zipmap": False})
    return graph.SerializeToString()


def _pickle(estimator, target: Path) -> None:
    import joblib

    joblib.dump(estimator, target)
