"""Load the native model from its folder, exactly as MLflow itself does."""

import importlib
import zipfile
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from mlflow_serverless.convert.errors import (
    CodeMissingError,
    MalformedModelError,
    MissingFrameworkError,
    UnloadableModelError,
    UntrustedTypesError,
)


def flavor_config(folder: Path, flavor: str) -> Mapping[str, Any]:
    """
    What MLmodel says of *flavor*.

    Raises:
        MalformedModelError: There is no MLmodel, or it does not know the flavour.
    """
    file = folder / "MLmodel"
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        config = content["flavors"][flavor]
    except FileNotFoundError as cause:
        raise MalformedModelError(folder, "it has no MLmodel file") from cause
    except (yaml.YAMLError, UnicodeDecodeError) as cause:
        raise MalformedModelError(folder, "its MLmodel is not YAML") from cause
    except (KeyError, TypeError) as cause:
        why = f"its MLmodel has no flavour {flavor!r}"
        raise MalformedModelError(folder, why) from cause
    if not isinstance(config, dict):
        why = f"flavour {flavor!r} in its MLmodel is no mapping"
        raise MalformedModelError(folder, why)
    return config


def require(flavor: str, extra: str, *modules: str) -> None:
    """Import *modules*; MissingFrameworkError names the extra that brings them."""
    for module in modules:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as cause:
            raise MissingFrameworkError(flavor, module, extra) from cause


def load_native(folder: Path, flavor: str) -> Any:
    """
    The native model: an estimator, a Booster, ...

    Raises:
        MalformedModelError: MLmodel names a file that is not there.
        UntrustedTypesError: A skops file holds types its MLmodel does not trust.
        CodeMissingError: It names a module or class that is not there.
        UnloadableModelError: The framework could not load it.
    """
    config = flavor_config(folder, flavor)
    file = _model_file(folder, flavor, config)
    _refuse_untrusted(file, config)
    load: Callable[[str], Any] = importlib.import_module(f"mlflow.{flavor}").load_model
    try:
        return load(str(folder))
    except (ModuleNotFoundError, AttributeError) as cause:  # what a pickle looks up
        raise CodeMissingError(file, cause, _versions(flavor)) from cause
    except Exception as cause:  # whatever unpickling runs into, it is named
        raise UnloadableModelError(file, cause, _versions(flavor)) from cause


_FILES = ("pickled_model", "model_data", "saved_model_dir", "data")
"""Keys under which flavours name their file or folder."""


def _model_file(folder: Path, flavor: str, config: Mapping[str, Any]) -> Path:
    named = next(filter(None, map(config.get, _FILES)), None)
    if not isinstance(named, str):
        raise MalformedModelError(folder, f"flavour {flavor!r} names no model file")
    file = folder / named
    if not file.exists():
        raise MalformedModelError(folder, f"{named} is not there")
    return file


def _refuse_untrusted(file: Path, config: Mapping[str, Any]) -> None:
    """Say which types are not trusted before anything of the file is loaded."""
    # boosters in their library's own format carry the word, too
    if config.get("serialization_format") != "skops" or not zipfile.is_zipfile(file):
        return
    import skops.io  # noqa: PLC0415 - only for models that are kept so

    trusted = list(config.get("skops_trusted_types") or [])
    try:
        unknown = [
            t for t in skops.io.get_untrusted_types(file=file) if t not in trusted
        ]
    except Exception as cause:  # a zip that is none, a schema that is broken, ...
        raise UnloadableModelError(file, cause, _versions("skops")) from cause
    if unknown:
        raise UntrustedTypesError(file, sorted(unknown))


LIBRARIES = (
    "scikit-learn", "xgboost", "xgboost-cpu", "lightgbm", "skops", "onnx", "catboost",
    "torch", "tensorflow", "tensorflow-cpu", "keras",
)  # fmt: skip


def _versions(flavor: str) -> str:
    found = [f"{name} {number}" for name, number in versions(LIBRARIES)]
    return ", ".join(found) or flavor


def versions(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """(library, version) of those that are installed, sorted."""
    found = []
    for name in names:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(sorted(found))
