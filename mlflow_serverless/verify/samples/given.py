"""Rows that people gave: the model's example, and a file of the user's."""

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lambda_runtime.manifest import Column, Signature, Tensor
from mlflow_serverless.verify.batch import Batch
from mlflow_serverless.verify.errors import BadSampleFileError
from mlflow_serverless.verify.samples.columns import FRAME_TYPES, INTEGERS, key_of


class MisfitError(ValueError):
    """Rows that do not fit the signature; says which column and why."""


def conform(data: Any, signature: Signature) -> Batch:
    """
    *data* in the signature's columns and dtypes.

    Args:
        data: A frame, array, list, or mapping, as MLflow takes them.
        signature: What it is to become.

    Raises:
        MisfitError: A column or tensor is missing, or a value has no place in it.
    """
    if signature.tensors:
        return _tensors(data, signature.tensors)
    table = _table(data)
    unnamed = all(column.name is None for column in signature.columns)
    if unnamed:
        _check_width(table, len(signature.columns))
        table = table.set_axis(range(table.shape[1]), axis=1)
    wanted = [key_of(c, i) for i, c in enumerate(signature.columns)]
    lacking = [str(name) for name in wanted if name not in table.columns]
    if lacking:
        why = (
            f"it lacks the columns {lacking}; it has {[str(c) for c in table.columns]}"
        )
        raise MisfitError(why)
    series = {
        name: _conformed(table[name], column)
        for name, column in zip(wanted, signature.columns, strict=True)
    }
    return pd.DataFrame(series, index=pd.RangeIndex(len(table)))


def _check_width(table: pd.DataFrame, wanted: int) -> None:
    if table.shape[1] != wanted:
        why = f"it has {table.shape[1]} columns, not {wanted}"
        raise MisfitError(why)


def _table(data: Any) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        return data.reset_index(drop=True)
    if isinstance(data, Mapping):
        single = not any(isinstance(v, list | np.ndarray) for v in data.values())
        return pd.DataFrame([dict(data)] if single else dict(data))
    return pd.DataFrame(data)


def _conformed(series: "pd.Series[Any]", column: Column) -> "pd.Series[Any]":
    """One column in its dtype; integers with gaps stay floats, and are judged."""
    kind = column.type
    try:
        if kind not in FRAME_TYPES:
            return pd.Series(series.tolist(), dtype=object)
        if kind in {"string", "binary"}:
            return pd.Series(series.tolist(), dtype=object)
        if kind == "datetime":
            return (
                pd.to_datetime(series).astype(FRAME_TYPES[kind]).reset_index(drop=True)
            )
        values = np.asarray(pd.to_numeric(series, errors="raise"))
        return pd.Series(_numbers(values, column))
    except (TypeError, ValueError, OverflowError) as cause:
        why = f"column {column.name!r} is no {kind}: {cause}"
        raise MisfitError(why) from cause


def _numbers(values: NDArray[Any], column: Column) -> NDArray[Any]:
    kind = column.type
    if kind == "boolean":
        if not np.isin(values, (0, 1)).all():
            why = f"column {column.name!r} holds values but true and false"
            raise MisfitError(why)
        return values.astype(bool)
    if kind in INTEGERS and values.dtype.kind == "f":
        if np.isnan(values).any():
            return values
        if (values != np.rint(values)).any():
            why = f"column {column.name!r} holds fractions, not {kind}s"
            raise MisfitError(why)
    made = values.astype(FRAME_TYPES[kind])
    if kind in INTEGERS and (made != values).any():
        why = f"column {column.name!r} holds values beyond {kind}"
        raise MisfitError(why)
    return made


def _tensors(data: Any, tensors: tuple[Tensor, ...]) -> Batch:
    if len(tensors) == 1 and not isinstance(data, Mapping):
        return {tensors[0].name: _tensor(data, tensors[0])}
    if not isinstance(data, Mapping):
        why = f"tensors named {[t.name for t in tensors]} are expected"
        raise MisfitError(why)
    lacking = [t.name for t in tensors if t.name not in data]
    if lacking:
        why = f"it lacks the tensors {lacking}; it has {sorted(data)}"
        raise MisfitError(why)
    return {tensor.name: _tensor(data[tensor.name], tensor) for tensor in tensors}


def _tensor(values: Any, tensor: Tensor) -> NDArray[Any]:
    array = np.asarray(values)
    wanted = tensor.shape
    fits = array.ndim == len(wanted) and all(
        size is None or axis == 0 or size == array.shape[axis]
        for axis, size in enumerate(wanted)
    )
    if not fits:
        why = f"tensor {tensor.name!r} has shape {array.shape}, not {wanted}"
        raise MisfitError(why)
    return array.astype(object if tensor.dtype == "string" else np.dtype(tensor.dtype))


def read_sample(path: Path, signature: Signature) -> Batch:
    """
    The user's own rows: a file, or an artifact (`runs:/ID/eval.json`).

    Raises:
        BadSampleFileError: No such file or artifact, a form we do not read, or rows
            that do not fit the signature.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="parity-") as folder:
            return conform(_read(_fetched(path, folder), signature), signature)
    except (OSError, ValueError, KeyError, ImportError) as cause:
        raise BadSampleFileError(path, f"{cause}") from cause


STORED = re.compile(r"^(runs|models|mlflow-artifacts):/")
"""What begins like this is an artifact that MLflow keeps, no file."""


def _fetched(path: Path, folder: str) -> Path:
    """*path* itself, or the artifact of that name, in *folder*."""
    if not STORED.match(path.as_posix()):
        return path
    from mlflow.artifacts import download_artifacts  # noqa: PLC0415 - only if asked for

    try:
        return Path(download_artifacts(path.as_posix(), dst_path=folder))
    except Exception as cause:
        why = f"MLflow does not find it: {cause}"
        raise OSError(why) from cause


def _read(path: Path, signature: Signature) -> Any:
    match path.suffix.lower():
        case ".csv":
            texts = {
                c.name: str for c in signature.columns if c.type == "string" and c.name
            }
            return pd.read_csv(path, dtype=texts)
        case ".parquet" | ".pq":
            return pd.read_parquet(path)
        case ".json":
            return _payload(json.loads(path.read_text()))
        case ".jsonl":
            return [json.loads(line) for line in path.read_text().splitlines() if line]
        case ".npy":
            return np.load(path, allow_pickle=False)
        case suffix:
            read = ".csv, .parquet, .json, .jsonl and .npy are read"
            why = f"{suffix or 'no suffix'}; {read}"
            raise ValueError(why)


def _payload(content: Any) -> Any:
    """A table, one that `mlflow.log_table` wrote, or a body for /invocations."""
    if not isinstance(content, Mapping):
        return content
    if set(content) == {"columns", "data"}:
        return pd.DataFrame(content["data"], columns=content["columns"])
    if "dataframe_split" in content:
        split = content["dataframe_split"]
        return pd.DataFrame(split["data"], columns=split.get("columns"))
    for name in ("dataframe_records", "instances", "inputs"):
        if name in content:
            return content[name]
    return content
