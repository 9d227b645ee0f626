"""What MLflow's scoring server accepts at `/invocations`, to graph inputs."""

from __future__ import annotations

from lambda_runtime.faults import BadRequest, SchemaMismatch, UnsupportedMedia
from lambda_runtime.protocol import json_text
from lambda_runtime.protocol.coerce import kind
from lambda_runtime.protocol.columns import missing_names
from lambda_runtime.protocol.frames import (
    ByColumn,
    ByRecord,
    ByRow,
    by_column,
    by_row,
    positional,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambda_runtime.protocol.bind import Binder
    from lambda_runtime.protocol.frames import Frame
    from lambda_runtime.tensor import Value

FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
"""The keys of which a request has exactly one."""

_ONE = (
    "The input must be a JSON dictionary with exactly one of the input fields "
    "{'dataframe_split', 'dataframe_records', 'instances', 'inputs'}"
)
_MEDIA = ("application/json", "text/csv", "application/octet-stream")


def media_type(content_type: str | None) -> str:
    """
    The media type in lower case; none is JSON.

    Raises:
        UnsupportedMedia: Not one of those served, or not UTF-8.
    """
    if content_type in _MEDIA:
        return content_type
    if not content_type or not content_type.strip():
        return "application/json"
    media, *pairs = (part.strip() for part in content_type.split(";"))
    for pair in filter(None, pairs):
        name, _, value = pair.partition("=")
        if name.strip().lower() != "charset":
            raise UnsupportedMedia("Unrecognized content type parameters.")
        if value.strip(' "').lower() not in {"utf-8", "utf8"}:
            raise UnsupportedMedia("The scoring server only supports UTF-8")
    if media.lower() not in _MEDIA:
        raise UnsupportedMedia(
            "This predictor only supports the following content types: "
            f"{', '.join(_MEDIA)}."
        )
    return media.lower()


def read_json(body: bytes, binder: Binder) -> dict[str, Value]:
    """
    Graph inputs from a JSON body.

    Raises:
        BadRequest: Not JSON, not one of the formats, or cells that do not fit.
        SchemaMismatch: Well-formed, but not what the signature asks for.
    """
    try:
        request = json_text.loads(body)
    except ValueError:
        raise BadRequest(
            "Invalid input. Ensure that input is a valid JSON formatted string."
        ) from None
    if not isinstance(request, dict):
        raise BadRequest(f"Invalid input. {_ONE}. Received {kind(request)}.")
    found = [name for name in FORMATS if name in request]
    if len(found) != 1:
        raise BadRequest(f"{_ONE}. Received {found or 'none of them'}.")
    bound = _READERS[found[0]](request[found[0]], binder)
    if "params" in request and binder.signature.params:
        from lambda_runtime.protocol.params import check_params  # noqa: PLC0415 - if used

        check_params(request["params"], binder.signature.params)
    return bound


def read_frame(frame: Frame, binder: Binder) -> dict[str, Value]:
    """Graph inputs from a table in one of the DataFrame formats."""
    return binder.bind(positional(frame) if binder.unnamed else frame)


def _split(data: Any, binder: Binder) -> dict[str, Value]:
    if not isinstance(data, dict):
        raise BadRequest(
            "Invalid input. Dataframe split format must be a dictionary. "
            f"Got {kind(data)}."
        )
    if "data" not in data or data.keys() - {"columns", "data", "index"}:
        raise BadRequest(
            "Invalid input. Dataframe split format must have 'data' field and "
            "optionally 'columns' and 'index' fields."
        )
    names, rows, index = data.get("columns"), data["data"], data.get("index")
    if not isinstance(rows, list) or not (names is None or isinstance(names, list)):
        raise BadRequest("Invalid input. 'data' and 'columns' must be lists.")
    if index is not None and (not isinstance(index, list) or len(index) != len(rows)):
        raise BadRequest("Invalid input. 'index' must be a list as long as 'data'.")
    try:
        frame = by_row(rows, names)
    except TypeError:  # a list or an object is no key
        raise BadRequest("Invalid input. Column names must be texts.") from None
    return read_frame(frame, binder)


def _records(data: Any, binder: Binder) -> dict[str, Value]:
    if not isinstance(data, list):
        raise BadRequest(
            "Invalid input. Dataframe records format must be a list of records. "
            f"Got {kind(data)}."
        )
    return read_frame(by_row(data), binder)


def _instances(data: Any, binder: Binder) -> dict[str, Value]:
    if isinstance(data, dict):
        _same_lengths(data, binder)
    if not (isinstance(data, list) and data and isinstance(data[0], dict)):
        return _inputs(data, binder)
    if set(map(type, data)) != {dict}:
        raise BadRequest("Invalid input. Instances must be all objects or none.")
    frame = ByRecord(data, whole=True)
    tensors = binder.signature.tensors
    if not tensors:
        _named_only(binder)
        return binder.bind(frame, loose=True)
    if not tensors[0].name:
        raise SchemaMismatch(
            "This model contains a tensor-based model signature with no input names, "
            "which suggests one array, but objects were found."
        )
    columns = {tensor.name: frame.column(tensor.name) for tensor in tensors}
    given = {name: cells for name, cells in columns.items() if cells is not None}
    return binder.read_tensors(given)


def _same_lengths(data: dict[str, Any], binder: Binder) -> None:
    known = {tensor.name for tensor in binder.signature.tensors} or set(binder.columns)
    lists = [data[name] for name in known if isinstance(data.get(name), list)]
    if len(set(map(len, lists))) > 1:
        raise BadRequest(
            "Invalid input. The length of values for each input/column name "
            "are not the same"
        )


def _inputs(data: Any, binder: Binder) -> dict[str, Value]:
    if binder.signature.tensors:
        return _tensors(data, binder)
    if isinstance(data, dict):
        _named_only(binder)
        return binder.bind(by_column(data, binder.columns), loose=True)
    if binder.unnamed:
        rows = data if isinstance(data, list) else [data]
        return binder.bind(positional(by_row(rows)), loose=True)
    if not isinstance(data, list):
        missing_names([*binder.columns], ())
        raise BadRequest(f"Invalid input. Columns are expected, not {kind(data)}.")
    if len(binder.columns) == 1 and dict not in set(map(type, data)):
        return binder.bind(
            ByColumn({next(iter(binder.columns)): data}, len(data)), loose=True
        )
    return binder.bind(by_row(data), loose=True)


def _tensors(data: Any, binder: Binder) -> dict[str, Value]:
    wanted = binder.signature.tensors
    if not wanted[0].name:
        if data is None or isinstance(data, dict):
            _unnamed(data)
        return binder.read_tensors({"": data})
    if isinstance(data, dict):
        return binder.read_tensors(data)
    if len(wanted) == 1 and isinstance(data, list) and dict not in set(map(type, data)):
        return binder.read_tensors({wanted[0].name: data})
    return binder.read_tensors({})


def _named_only(binder: Binder) -> None:
    if binder.unnamed:
        _unnamed({})


def _unnamed(data: object) -> None:
    raise BadRequest(
        "Invalid input. Failed to parse input data. This model contains an un-named "
        " model signature which expects a single n-dimensional array or a single value "
        f"as input, however, {kind(data)} was found."
    )


_READERS = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": _instances,
    "inputs": _inputs,
}

__all__ = ["FORMATS", "ByRow", "media_type", "read_frame", "read_json"]
