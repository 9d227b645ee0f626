"""What Open Inference clients ask before they infer: server and model metadata."""

from __future__ import annotations

from lambda_runtime.protocol.answer import label_type
from lambda_runtime.protocol.inference import NAMES
from lambda_runtime.protocol.inferred import output_names
from lambda_runtime.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambda_runtime.manifest import Field, Manifest
    from lambda_runtime.protocol.bind import Binder

_COLUMNS = {
    "boolean": "BOOL", "integer": "INT32", "long": "INT64", "float": "FP32",
    "double": "FP64", "string": "BYTES", "binary": "BYTES", "datetime": "BYTES",
}  # fmt: skip
"""Column types by the protocol's names."""


def model_name(manifest: Manifest) -> str:
    """What the model is called in paths: its registered name, or `model`."""
    return manifest.model.name or "model"


def server() -> dict[str, Any]:
    """`GET /v2`."""
    return {
        "name": "mlflow-serverless",
        "version": __version__,
        "extensions": ["binary_tensor_data"],
    }


def identity(manifest: Manifest) -> dict[str, str]:
    """The model's name and version, as every answer carries them."""
    version = manifest.model.version
    name = {"model_name": model_name(manifest)}
    return {**name, "model_version": version} if version else name


def model(manifest: Manifest, binder: Binder) -> dict[str, Any]:
    """`GET /v2/models/{name}`: inputs of the signature, outputs of the answer."""
    version = manifest.model.version
    fields = manifest.answer.fields
    names = output_names([field.name for field in fields])
    return {
        "name": model_name(manifest),
        "versions": [version] if version else [],
        "platform": "onnxruntime_onnx",
        "inputs": inputs(binder),
        "outputs": [
            {"name": name, **_output(field, manifest)}
            for name, field in zip(names, fields, strict=True)
        ],
    }


def inputs(binder: Binder) -> list[dict[str, Any]]:
    """The signature's inputs in the protocol's words."""
    if binder.signature.tensors:
        return [
            {
                "name": tensor.name or "input",
                "datatype": NAMES[tensor.dtype],
                "shape": [-1 if size is None else size for size in tensor.shape],
            }
            for tensor in binder.signature.tensors
        ]
    return [
        {
            "name": name,
            "datatype": _COLUMNS.get(column.type, "BYTES"),
            "shape": [-1, 1],
            **({} if column.required else {"parameters": {"optional": True}}),
        }
        for name, column in binder.columns.items()
    ]


def _output(field: Field, manifest: Manifest) -> dict[str, Any]:
    tensor = next(item for item in manifest.outputs if item.name == field.output)
    dtype = label_type(field.labels) if field.labels else tensor.dtype
    shape = tensor.shape if field.column is None else tensor.shape[:1]
    return {
        "datatype": NAMES[dtype],
        "shape": [-1 if size is None else size for size in shape],
    }
