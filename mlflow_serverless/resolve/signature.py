"""MLflow's schema, as MLmodel keeps it, to the runtime's `Signature`; pure."""

import json
from collections.abc import Mapping
from typing import Any

from lambda_runtime.manifest import (
    COLUMN_TYPES,
    DTYPES,
    Column,
    Param,
    Signature,
    Tensor,
)
from mlflow_serverless.resolve.errors import (
    MLmodelUnreadableError,
    SignatureUnsupportedError,
)


def signature_of(kept: Mapping[str, Any], where: str) -> Signature | None:
    """
    Read the `signature` entry of an MLmodel file; None if it names no inputs.

    Args:
        kept: `inputs` and `params` as JSON texts.
        where: Which model, for messages.

    Raises:
        MLmodelUnreadableError: It is not a signature.
        SignatureUnsupportedError: It has an element type that no request can carry.
    """
    try:
        inputs = _items(kept.get("inputs"))
        params = tuple(_param(item) for item in _items(kept.get("params")))
        tensors = [item for item in inputs if item["type"] == "tensor"]
        if tensors:
            return Signature(
                tensors=tuple(_tensor(item, where) for item in tensors), params=params
            )
        columns = tuple(_column(item) for item in inputs)
    except (TypeError, KeyError, ValueError, AttributeError) as cause:
        raise MLmodelUnreadableError(where, f"signature: {cause!r}") from cause
    return Signature(columns=columns, params=params) if columns else None


def _items(text: Any) -> list[dict[str, Any]]:
    items = json.loads(text) if isinstance(text, str) else text
    return items or []


def _column(item: Mapping[str, Any]) -> Column:
    kind = item["type"]
    if kind not in COLUMN_TYPES:
        inner = {k: v for k, v in item.items() if k not in {"name", "required"}}
        kind = json.dumps(inner, sort_keys=True, separators=(",", ":"))
    return Column(item.get("name"), kind, item.get("required", True))


def _tensor(item: Mapping[str, Any], where: str) -> Tensor:
    spec = item["tensor-spec"]
    dtype = spec["dtype"]
    if dtype in {"object", "str"} or dtype.lstrip("<>|=").startswith(("U", "S")):
        dtype = "string"
    if dtype not in DTYPES:
        raise SignatureUnsupportedError(where, f"a tensor of {dtype}")
    shape = tuple(None if size == -1 else size for size in spec["shape"])
    return Tensor(item.get("name") or "", dtype, shape)


def _param(item: Mapping[str, Any]) -> Param:
    kind, shape = item["type"], item.get("shape")
    return Param(
        item["name"],
        kind if isinstance(kind, str) else json.dumps(kind, sort_keys=True),
        item.get("default"),
        None if shape is None else tuple(shape),
    )
