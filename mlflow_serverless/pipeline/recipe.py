"""What a graph or an answer depends on, beside the model itself."""

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import lambda_runtime
from lambda_runtime.version import __version__
from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.pipeline.reports import plain
from mlflow_serverless.store import digest_file, key_of

if TYPE_CHECKING:
    from mlflow_serverless.verify import ParityOptions

LIBRARIES = (
    "catboost", "keras", "lightgbm", "mlflow", "numpy", "onnx", "onnxruntime",
    "onnxscript", "onnxslim", "pandas", "scikit-learn", "scipy", "skl2onnx", "skops",
    "tensorflow", "tensorflow-cpu", "tf2onnx", "torch", "xgboost", "xgboost-cpu",
)  # fmt: skip
"""Whatever may change a graph or an answer."""

ROOMS = (
    "convert", "environment", "model", "native", "optimise", "package", "resolve",
    "verify",
)  # fmt: skip
"""Our own code that may."""


@cache
def recipe() -> str:
    """Names everything but the model that a graph depends on."""
    return key_of(
        ours=__version__,
        source=_source(),
        python=platform.python_version(),
        libraries={name: _version(name) for name in LIBRARIES},
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _source() -> str:
    """Our own code, so that a checkout that was edited does not reuse old work."""
    root = Path(__file__).parent.parent
    whole = hashlib.sha256()
    runtime = Path(lambda_runtime.__file__).parent
    for folder in (*(root / room for room in ROOMS), runtime):
        for file in sorted(folder.rglob("*.py")):
            whole.update(file.read_bytes())
    return whole.hexdigest()


def parity_key(before: str, options: "ParityOptions") -> str:
    """Names a proof with *options* of what *before* names."""
    data = sample_digest(options.data)
    return key_of(before=before, options=plain(options), data=data)


def sample_digest(file: Path | None) -> str:
    """Names the user's own rows; empty if there are none, or no such file."""
    return digest_file(file) if file is not None and file.is_file() else ""


def options_of(config: DeploymentConfig) -> "ParityOptions":
    """What the configuration says about parity."""
    from mlflow_serverless.verify import ParityOptions  # noqa: PLC0415 - brings numpy

    return ParityOptions(**config.parity.model_dump())
