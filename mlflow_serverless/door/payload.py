"""Whatever `predict` is given, as the bytes of an /invocations request.

`mlflow deployments predict -I` reads its file with `pandas.read_json` before a plugin
sees it, so a serving payload arrives as a frame with one column named after the
payload's key. Such frames are turned back. Text that pandas has taken for numbers or
dates cannot be; `mlflow-serverless invoke` sends a file's bytes as they are.
"""

import base64
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from mlflow_serverless.errors import Kind, ServerlessError

KEYS = ("dataframe_split", "dataframe_records", "instances", "inputs")
"""Exactly one of them makes a payload."""


class UnsendableInputError(ServerlessError):
    """An input that no request can carry."""

    code = "unsendable-input"
    kind = Kind.BAD_INPUT

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} cannot be sent as JSON.",
            hint="give a DataFrame, an array, a list, a dict, or the request's text.",
        )


def payload_of(inputs: object, params: Mapping[str, object] | None = None) -> bytes:
    """
    The request that asks for the prediction of *inputs*.

    Text and bytes are sent as they are; a dict that is a payload already, too. Other
    dicts are named inputs. Columns of numbers lose the difference between None and
    NaN, as in pandas itself; columns of text keep it.

    Raises:
        UnsendableInputError: It holds something that JSON cannot say.
    """
    if isinstance(inputs, bytes | bytearray | memoryview):
        return bytes(inputs)
    if isinstance(inputs, str):
        return inputs.encode()
    body = _body(inputs)
    if params:
        body["params"] = dict(params)
    try:
        return json.dumps(body, default=_plain).encode()
    except (TypeError, ValueError) as cause:
        raise UnsendableInputError(str(cause)) from cause


def _body(inputs: object) -> dict[str, Any]:
    if isinstance(inputs, pd.Series):
        inputs = inputs.to_frame()
    if isinstance(inputs, pd.DataFrame):
        return _unmangled(inputs) or {"dataframe_split": _split(inputs)}
    if isinstance(inputs, Mapping):
        named = {str(key): value for key, value in inputs.items()}
        return named if any(key in named for key in KEYS) else {"inputs": named}
    if isinstance(inputs, np.ndarray | list | tuple):
        return {"instances": inputs}
    return {"inputs": inputs}


def _unmangled(frame: pd.DataFrame) -> dict[str, Any] | None:
    """The payload that pandas has made *frame* from, if it looks like one."""
    names = [str(name) for name in frame.columns]
    keys = [name for name in names if name in KEYS]
    if len(keys) != 1 or set(names) - {keys[0], "params"}:
        return None
    body = {name: _column(frame[name].dropna()) for name in names}
    if keys[0] == "dataframe_split" and not _is_split(body[keys[0]]):
        return None
    return body


def _column(column: "pd.Series[Any]") -> Any:
    if all(isinstance(label, str) for label in column.index):
        return {str(label): value for label, value in column.items()}
    return column.tolist()


def _is_split(value: Any) -> bool:
    return isinstance(value, dict) and "data" in value


def _split(frame: pd.DataFrame) -> dict[str, Any]:
    columns = [_values(column) for _, column in frame.items()]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return {"columns": [str(name) for name in frame.columns], "data": rows}


def _values(column: "pd.Series[Any]") -> list[Any]:
    """
    The column's values as JSON takes them.

    Numbers and dates know one way of missing, so it is null. Text knows two, which a
    model may tell apart, so NaN stays NaN (pandas 3 has it where pandas 2 had None).
    """
    text = column.dtype == object or pd.api.types.is_string_dtype(column.dtype)
    if text:
        return [
            None if value is pd.NA or value is pd.NaT else value for value in column
        ]
    missing = column.isna()
    return [
        None if gone else value for value, gone in zip(column, missing, strict=True)
    ]


def _plain(value: Any) -> Any:
    """What the JSON encoder does not know: numpy's values, dates, bytes."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value).isoformat()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, date):  # datetimes and timestamps are dates
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    message = f"{type(value).__name__} {value!r:.60}"
    raise TypeError(message)
