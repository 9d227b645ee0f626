"""A model's folder to the values it states: flavours, signature, example."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mlflow_serverless.model import Example, ServableModel
from mlflow_serverless.resolve.errors import (
    FlavorMissingError,
    MLmodelUnreadableError,
    NotAModelError,
    SignatureMissingError,
)
from mlflow_serverless.resolve.pin import Pinned
from mlflow_serverless.resolve.signature import signature_of

PYFUNC = "python_function"


def servable(
    pinned: Pinned, folder: Path, digest: str, flavor: str | None
) -> ServableModel:
    """
    What the MLmodel file in *folder* says, joined with where it came from.

    Raises:
        NotAModelError, MLmodelUnreadableError: The folder holds no readable model.
        SignatureMissingError: The model does not say what it takes.
        FlavorMissingError: It was not saved in *flavor*.
    """
    data = read_mlmodel(folder, pinned.uri)
    flavors: Mapping[str, Any] = data["flavors"]
    signature = signature_of(data.get("signature") or {}, pinned.uri)
    if signature is None:
        raise SignatureMissingError(pinned.uri, flavors)
    return ServableModel(
        uri=pinned.uri,
        asked=pinned.asked,
        name=pinned.name,
        version=pinned.version,
        model_id=pinned.model_id or data.get("model_id") or data.get("model_uuid"),
        run_id=pinned.run_id or data.get("run_id"),
        flavor=_native(flavors, flavor, pinned.uri),
        predict_fn=flavors[PYFUNC].get("predict_fn") or "predict",
        signature=signature,
        folder=folder,
        digest=digest,
        requirements=_requirements(folder),
        example=_example(data.get("saved_input_example_info"), folder),
    )


def read_mlmodel(folder: Path, where: str) -> Mapping[str, Any]:
    """
    The MLmodel file's content, known to have a `python_function` flavour.

    Raises:
        NotAModelError, MLmodelUnreadableError: There is none, or not such a one.
    """
    file = folder / "MLmodel"
    if not file.is_file():
        raise NotAModelError(where, (path.name for path in folder.iterdir()))
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as cause:
        why = " ".join(str(cause).split())
        raise MLmodelUnreadableError(where, why) from cause
    if not isinstance(data, dict) or not isinstance(data.get("flavors"), dict):
        raise MLmodelUnreadableError(where, "it has no flavors")
    if not isinstance(data["flavors"].get(PYFUNC), dict):
        have = ", ".join(data["flavors"]) or "none"
        raise MLmodelUnreadableError(where, f"no {PYFUNC} flavour among {have}")
    return data


def _native(flavors: Mapping[str, Any], asked: str | None, where: str) -> str:
    """The flavour beside pyfunc; *asked* chooses where there are several."""
    if asked is not None and asked not in flavors:
        raise FlavorMissingError(where, asked, flavors)
    if asked is not None and asked != PYFUNC:
        return asked
    return next((name for name in flavors if name != PYFUNC), PYFUNC)


def _requirements(folder: Path) -> tuple[str, ...]:
    file = folder / "requirements.txt"
    if not file.is_file():
        return ()
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _example(info: Any, folder: Path) -> Example | None:
    if not isinstance(info, dict) or "artifact_path" not in info:
        return None
    file = folder / str(info["artifact_path"])
    if not file.is_file():
        return None
    serving = folder / str(info.get("serving_input_path") or "no-serving-example")
    return Example(file=file, serving_file=serving if serving.is_file() else None)
