"""An OpenAPI 3.1 document of what this function serves, from the manifest alone."""

from __future__ import annotations

from lambda_runtime.protocol.catalog import model_name
from lambda_runtime.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lambda_runtime.manifest import Answer, Column, Field, Manifest, Param, Tensor
    from lambda_runtime.protocol.bind import Binder

    Schema = dict[str, Any]

_TYPES: dict[str, Schema] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": ["number", "null"], "format": "float"},
    "double": {"type": ["number", "null"], "format": "double"},
    "string": {"type": ["string", "null"]},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "datetime": {
        "type": ["string", "integer", "null"],
        "description": "ISO 8601 without a zone, or nanoseconds since 1970.",
    },
}
"""JSON Schemas of column types."""

_REF = "#/components/schemas/"


def document(manifest: Manifest, binder: Binder) -> Schema:
    """The whole document, as JSON values."""
    name = model_name(manifest)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": name,
            "version": manifest.model.version or __version__,
            "description": f"Predictions of {manifest.model.uri or name}.",
        },
        "paths": _paths(name),
        "components": {"schemas": _schemas(manifest, binder)},
    }


def _paths(name: str) -> Schema:
    base = f"/v2/models/{name}"
    return {
        "/invocations": {"post": _invoke()},
        "/ping": {"get": _get("Healthy", "health")},
        "/health": {"get": _get("Healthy", "health")},
        "/version": {"get": _get("The runtime's version", "info")},
        "/openapi.json": {"get": _get("This document", "info")},
        "/v2": {"get": _get("Server metadata", "open inference")},
        "/v2/health/live": {"get": _get("Alive", "open inference")},
        "/v2/health/ready": {"get": _get("Ready", "open inference")},
        base: {"get": _get("Model metadata", "open inference")},
        f"{base}/ready": {"get": _get("Ready", "open inference")},
        f"{base}/infer": {"post": _infer()},
    }


def _get(summary: str, tag: str) -> Schema:
    return {
        "summary": summary,
        "tags": [tag],
        "responses": {"200": {"description": summary}},
    }


def _content(media: str, schema: str) -> Schema:
    return {media: {"schema": {"$ref": _REF + schema}}}


def _answers(schema: str, refusal: str) -> Schema:
    refused = _content("application/json", refusal)
    return {
        "200": {
            "description": "The predictions",
            "content": _content("application/json", schema),
        },
        "400": {
            "description": "The request does not fit the model",
            "content": refused,
        },
        "413": {"description": "Beyond the payload limit", "content": refused},
        "415": {"description": "A content type that is not served", "content": refused},
        "500": {"description": "The model failed", "content": refused},
    }


def _invoke() -> Schema:
    bytes_: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
    return {
        "summary": "Predict, as MLflow's scoring server does",
        "operationId": "invocations",
        "tags": ["predict"],
        "requestBody": {
            "required": True,
            "content": {
                **_content("application/json", "Request"),
                "text/csv": {"schema": {"type": "string"}},
                "application/octet-stream": {"schema": bytes_},
            },
        },
        "responses": _answers("Response", "Error"),
    }


def _infer() -> Schema:
    return {
        "summary": "Predict, by the Open Inference Protocol",
        "operationId": "infer",
        "tags": ["open inference"],
        "requestBody": {
            "required": True,
            "content": _content("application/json", "InferRequest"),
        },
        "responses": _answers("InferResponse", "Error"),
    }


def _schemas(manifest: Manifest, binder: Binder) -> Schema:
    return {
        **_request(manifest, binder),
        "Response": _object({"predictions": _predictions(manifest.answer)}),
        "Error": _object(
            {
                name: {"type": "string"}
                for name in (
                    "error_code",
                    "message",
                    "sqlstate",
                    "error_class",
                    "error",
                )
            },
            ["error_code", "message"],
        ),
        "InferRequest": _object(
            {"id": {"type": "string"}, "inputs": _TENSORS}, ["inputs"]
        ),
        "InferResponse": _object(
            {"model_name": {"type": "string"}, "outputs": _TENSORS}
        ),
    }


def _object(properties: Schema, required: Sequence[str] | None = None) -> Schema:
    """An object; all its properties are required unless *required* says which."""
    wanted = list(properties if required is None else required)
    return {"type": "object", "properties": properties, "required": wanted}


_TENSORS: Schema = {
    "type": "array",
    "items": _object(
        {
            "name": {"type": "string"},
            "shape": {"type": "array", "items": {"type": "integer"}},
            "datatype": {"type": "string"},
            "data": {"type": "array"},
            "parameters": {"type": "object"},
        },
        ["name", "shape", "datatype"],
    ),
}


def _request(manifest: Manifest, binder: Binder) -> Schema:
    forms = _tensor_forms(binder.signature.tensors) or _column_forms(binder)
    params = _params(manifest.signature.params)
    return {
        "Request": {
            "oneOf": [
                {
                    "type": "object",
                    "required": [name],
                    "properties": {name: schema, **params},
                }
                for name, schema in forms.items()
            ]
        }
    }


def _column_forms(binder: Binder) -> Schema:
    columns = binder.columns
    if binder.unnamed:
        rows: Schema = {
            "type": "array",
            "items": {
                "type": "array",
                "prefixItems": [_cell(column) for column in columns.values()],
                "minItems": len(columns),
            },
        }
        return {"dataframe_split": _split(rows, ()), "inputs": rows, "instances": rows}
    cells = {name: _cell(column) for name, column in columns.items()}
    required = [name for name, column in columns.items() if column.required]
    records = {"type": "array", "items": _object(cells, required)}
    lists = {name: {"type": "array", "items": cell} for name, cell in cells.items()}
    return {
        "dataframe_split": _split(
            {"type": "array", "items": {"type": "array"}}, required
        ),
        "dataframe_records": records,
        "inputs": _object(lists, required),
        "instances": records,
    }


def _split(rows: Schema, required: Sequence[str]) -> Schema:
    names: Schema = {"type": "array", "items": {"type": "string"}}
    if required:
        names["allOf"] = [{"contains": {"const": name}} for name in required]
    return {
        "type": "object",
        "required": ["columns", "data"] if required else ["data"],
        "properties": {"columns": names, "data": rows, "index": {"type": "array"}},
    }


def _cell(column: Column) -> Schema:
    return dict(_TYPES.get(column.type, {}))


def _tensor_forms(tensors: Sequence[Tensor]) -> Schema:
    if not tensors:
        return {}
    if not tensors[0].name:
        schema = _nested(tensors[0])
        return {"inputs": schema, "instances": schema}
    named = {tensor.name: _nested(tensor) for tensor in tensors}
    return {"inputs": _object(named)}


def _element(dtype: str) -> Schema:
    if dtype == "string":
        return {"type": ["string", "null"]}
    if dtype == "bool":
        return {"type": "boolean"}
    return {"type": ["number", "null"] if dtype.startswith("float") else "integer"}


def _nested(tensor: Tensor) -> Schema:
    schema = _element(tensor.dtype)
    for size in reversed(tensor.shape):
        schema = {"type": "array", "items": schema}
        if size is not None:
            schema |= {"minItems": size, "maxItems": size}
    return schema


def _params(params: Sequence[Param]) -> Schema:
    if not params:
        return {}
    held = {param.name: {"const": param.default} for param in params}
    return {"params": {"type": "object", "properties": held}}


def _predictions(answer: Answer) -> Schema:
    if answer.form == "array" or not answer.fields:
        return {}
    fields = {field.name or "": _field(field) for field in answer.fields}
    if answer.form == "tensors":
        return {"type": "object", "properties": {name: {} for name in fields}}
    return {"type": "array", "items": _object(fields)}


def _field(field: Field) -> Schema:
    return {"enum": list(field.labels)} if field.labels else {}
