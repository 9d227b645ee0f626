"""Deciding where a model is loaded, and making that place."""

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml

from mlflow_serverless.environment import uv
from mlflow_serverless.environment.compare import differences, pins
from mlflow_serverless.model import ServableModel
from mlflow_serverless.report import step
from mlflow_serverless.store import key_of
from mlflow_serverless.world import Tell, World

ROOM = "environment"

OLDEST = (3, 11)
"""Our own code runs on no older Python."""

_SAME = ("onnx", "onnxruntime")
"""What makes and what runs graphs is ours, wherever the model is loaded."""

_OURS = (
    "annotated-types", "platformdirs>=4", "psutil>=5.9", "pydantic>=2.7", "PyYAML>=6",
    "rich>=13.7", "click>=8.1",
)  # fmt: skip
"""What our own code needs there beside the model's requirements."""

_BESIDE = {
    "sklearn": ("skl2onnx>=1.19", "skops>=0.11"),
    "xgboost": ("scikit-learn", "skops>=0.11"),
    "lightgbm": ("scikit-learn", "skops>=0.11"),
    "pytorch": ("onnxscript",),
    "tensorflow": ("tf2onnx",),
    "keras": ("tf2onnx",),
}
"""What our converters need there, by flavour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """An environment with a model's own requirements."""

    key: str
    """Names its content: requirements, Python and platform."""
    python: Path
    why: str
    """Why our own environment would not do."""


def settle(model: ServableModel, wanted: str, world: World) -> Isolation | None:
    """
    Where *model* is to be loaded: None is here.

    Args:
        model: Its folder holds `requirements.txt` and `python_env.yaml`.
        wanted: `auto`, `here` or `isolated`.
        world: Keeps what is made, and is told.

    Raises:
        UvMissingError, PythonMissingError, UnresolvableError: It cannot be made.
    """
    why = reason(model, wanted)
    if not why:
        return None
    python = _python(model, world.tell)
    lines = requirements_for(model)
    system = f"{platform.system()} {platform.machine()}"
    key = key_of(requirements=lines, python=python, platform=system)

    def make(folder: Path) -> None:
        tell = _progress(world.tell)
        uv.make_venv(folder / "venv", python, tell)
        interpreter = folder / "venv" / "bin" / "python"
        uv.install(interpreter, lines, model.folder, tell)

    with step(world.tell, ROOM, why) as said:
        made = world.store.obtain(ROOM, key, make)
        what = f"the model's own, Python {python}: {why}"
        said.say(what, fresh=made.fresh, key=key)
    return Isolation(key=key, python=made.folder / "venv" / "bin" / "python", why=why)


def reason(model: ServableModel, wanted: str) -> str:
    """Why *model* must not be loaded here; empty if it may."""
    if wanted == "here":
        return ""
    if wanted == "isolated":
        return "conversion.environment=isolated was asked for"
    return ", ".join(map(str, differences(model.requirements, installed)))


def installed(name: str) -> str | None:
    """The version of a distribution here; None if there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def requirements_for(model: ServableModel) -> tuple[str, ...]:
    """The model's own requirements, and what our code needs beside them."""
    have = {name for name, _ in pins(model.requirements)}
    same = tuple(f"{name}=={found}" for name in _SAME if (found := installed(name)))
    ours = (*same, *_OURS, *_BESIDE.get(model.flavor, ()))
    mlflow = () if have & {"mlflow", "mlflow-skinny"} else ("mlflow",)
    extra = [line for line in (*ours, *mlflow) if pins([line])[0][0] not in have]
    return (*model.requirements, *extra)


def _python(model: ServableModel, tell: Tell) -> str:
    """The model's Python as `3.12`; ours where that is too old for our code."""
    ours = f"{sys.version_info[0]}.{sys.version_info[1]}"
    recorded = recorded_python(model.folder)
    if not recorded:
        return ours
    major, minor = recorded
    if (major, minor) >= OLDEST:
        return f"{major}.{minor}"
    what = f"the model was made with Python {major}.{minor}; {ours} is used instead"
    tell("environment.warning", what=what)
    return ours


def recorded_python(folder: Path) -> Sequence[int]:
    """(major, minor) of `python_env.yaml`; empty if it does not say."""
    file = folder / "python_env.yaml"
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
        parts = str(said["python"]).split(".")
        return tuple(int(part) for part in parts[:2])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError):
        return ()


def _progress(tell: Tell) -> uv.Progress:
    return lambda line: tell("environment.progress", what=line)
