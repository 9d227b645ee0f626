"""Our own contestant: a proved-elsewhere bundle, and how its process is started."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benchmarks.images import ROOT
from lambda_runtime.manifest import Engine
from mlflow_serverless.build.layers import lay_out_runtime
from mlflow_serverless.build.toolchain import this_python
from mlflow_serverless.config import OptimiseConfig
from mlflow_serverless.package import package
from mlflow_serverless.pipeline.rooms import House

PYTHON = "/usr/bin/python3"


def bundle_of(estimator, work: Path) -> Path:
    """Convert, optimise and package a scikit-learn estimator; the bundle's folder."""
    import mlflow.sklearn
    from mlflow.models import infer_signature

    from benchmarks import models

    rows = models.table(4)[0]
    mlflow.sklearn.save_model(
        estimator, work / "model", pip_requirements=["scikit-learn"],
        pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle",
        signature=infer_signature(rows, estimator.predict_proba(rows)),
    )  # fmt: skip
    return packaged(work / "model", work)


def bundle_of_graph(path: Path, work: Path) -> Path:
    """Optimise and package an ONNX file of one input; the bundle's folder."""
    import mlflow.onnx
    import numpy as np
    import onnx
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    graph = onnx.load(path)
    dims = graph.graph.input[0].type.tensor_type.shape.dim
    shape = tuple(dim.dim_value or -1 for dim in dims)
    spec = TensorSpec(np.dtype("float32"), shape)
    mlflow.onnx.save_model(
        graph, work / "model", pip_requirements=["onnxruntime"],
        signature=ModelSignature(Schema([spec])),
    )  # fmt: skip
    return packaged(work / "model", work)


def packaged(saved: Path, work: Path) -> Path:
    """Convert, optimise and package the *saved* model; the bundle's folder."""
    rooms = House()
    model = rooms.resolve(str(saved), work / "downloads", None)
    (work / "convert").mkdir()
    conversion = rooms.convert(model, work / "convert")
    (work / "optimise").mkdir()
    artefacts = rooms.optimise(conversion, work / "optimise", OptimiseConfig())
    engine = Engine(kind="ort-c", why="benchmark")
    return package(model, artefacts, work / "bundle", engine=engine).folder


def ort_library() -> Path:
    """ONNX Runtime's C library, in the wheel that runs here."""
    import onnxruntime

    folder = Path(onnxruntime.__file__).parent / "capi"
    return next(folder.glob("libonnxruntime.so.*"))


def runtime_command(bundle: Path) -> tuple[list[str], dict[str, str]]:
    """How the runtime is started on this machine: command and environment."""
    command = [sys.executable, "-I", "-S", str(ROOT / "lambda_runtime/__main__.py")]
    return command, {
        "MLFLOW_SERVERLESS_BUNDLE": str(bundle),
        "MLFLOW_SERVERLESS_ORT": str(ort_library()),
    }


def runtime_tree(tree: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    """Lay out our image under *tree*, without a model; command and environment."""
    site = tree / "var/task"
    site.mkdir(parents=True)
    lay_out_runtime(site, this_python())
    library = ort_library()
    target = tree / "opt/onnxruntime" / library.name
    target.parent.mkdir(parents=True)
    shutil.copy(library, target)
    command = (PYTHON, "-I", "-S", "/var/task/lambda_runtime/__main__.py")
    return command, {
        "MLFLOW_SERVERLESS_BUNDLE": "/opt/ml/bundle",
        "MLFLOW_SERVERLESS_ORT": f"/opt/onnxruntime/{library.name}",
        "ORT_DISABLE_TELEMETRY": "1",
    }
