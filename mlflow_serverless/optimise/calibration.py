"""Rows to calibrate with, from a file of the user's to batches of graph inputs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lambda_runtime.manifest import Feed
from mlflow_serverless.convert import OnnxGraph
from mlflow_serverless.optimise.errors import BadCalibrationError

MOST = 512
"""Rows used; ranges hardly change after."""

_BATCH = 16

Arrays = Mapping[str, np.ndarray[Any, Any]]


def calibration_rows(file: Path, graph: OnnxGraph) -> Sequence[Arrays]:
    """
    Batches of *graph*'s inputs made from *file*.

    Args:
        file: csv or parquet with the signature's columns; npy with the one tensor, or
            npz with tensors by name.
        graph: What is to be fed.

    Raises:
        BadCalibrationError: It is not there, lacks what is fed, or holds no numbers.
    """
    try:
        whole = {feed.input: _fed(file, feed, graph) for feed in graph.feeds}
    except BadCalibrationError:
        raise
    except Exception as cause:  # whatever readers of such files raise
        raise BadCalibrationError(file, f"{type(cause).__name__}: {cause}") from cause
    rows = min(min(map(len, whole.values()), default=0), MOST)
    if not rows:
        raise BadCalibrationError(file, "it holds no rows")
    frozen = next((t.shape[0] for t in graph.inputs if t.shape and t.shape[0]), None)
    size = frozen or _BATCH
    starts = range(0, rows - (rows % size if frozen else 0), size)
    return [{n: a[s : min(s + size, rows)] for n, a in whole.items()} for s in starts]


def _fed(file: Path, feed: Feed, graph: OnnxGraph) -> np.ndarray[Any, Any]:
    kind = next(tensor.dtype for tensor in graph.inputs if tensor.name == feed.input)
    found = (
        _tensor(file, feed) if file.suffix in {".npy", ".npz"} else _table(file, feed)
    )
    return found.astype(object if kind == "string" else kind)


def _tensor(file: Path, feed: Feed) -> np.ndarray[Any, Any]:
    loaded = np.load(file, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return loaded
    name = feed.tensor or next(iter(loaded.files), "")
    if name not in loaded.files:
        raise BadCalibrationError(file, f"it has no tensor {name!r}")
    array: np.ndarray[Any, Any] = loaded[name]
    return array


def _table(file: Path, feed: Feed) -> np.ndarray[Any, Any]:
    parquet = file.suffix == ".parquet"
    frame = pd.read_parquet(file) if parquet else pd.read_csv(file)
    lacking = [name for name in feed.columns if name not in frame.columns]
    if not feed.columns or lacking:
        what = f"it lacks the columns {lacking}" if lacking else "a tensor is fed"
        raise BadCalibrationError(file, what)
    return frame[list(feed.columns)].to_numpy()
