"""Which distributions a bundle's engine needs, and at which versions."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Literal

from lambda_runtime.native.recipe import KEY, Recipe, recipe_of
from mlflow_serverless.build.errors import (
    RequirementsMissingError,
    UnreadableListError,
)
from mlflow_serverless.build.options import EXTRAS, BuildOptions
from mlflow_serverless.native.cost import libraries_for
from mlflow_serverless.package import Bundle

PINNED: Mapping[str, str] = {
    "uvicorn": "0.54.0", "h11": "0.16.0", "click": "8.5.1", "orjson": "3.13.0",
}  # fmt: skip
"""What we add of our own accord, at the versions that our tests run with."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ENGINE = "onnxruntime"

Find = Callable[[str], Distribution]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What is to be resolved."""

    requirements: tuple[str, ...]
    """Lines of a requirements file."""
    constraints: tuple[str, ...] = ()
    """Versions to take of whatever else comes along."""
    follow: Literal["none", "all"] = "none"
    """Whether what they require is resolved too."""
    keep: Literal["library", "package", "all"]
    """Of onnxruntime: its native library alone, what its Python package imports, or
    everything of everything."""


def needs_for(
    bundle: Bundle, options: BuildOptions, find: Find = distribution
) -> Needs:
    """
    What *bundle* needs beside Python.

    A graph is served by the onnxruntime that its parity was proved with: the one that
    is installed here. A native model is served by the libraries that it was proved
    with: ours, or the recorded ones if it has an environment of its own.

    Raises:
        RequirementsMissingError: A native model's libraries are not recorded.
    """
    names = [name for extra in options.extras for name in EXTRAS[extra]]
    extras = tuple(f"{name}=={PINNED[name]}" for name in names)
    engine = bundle.manifest.engine.kind
    if engine == "ort-c":
        return Needs(requirements=(_pin(_ENGINE, find), *extras), keep="library")
    if engine == "ort-python":
        pins = (_pin(_ENGINE, find), _pin("numpy", find))
        return Needs(requirements=(*pins, *extras), keep="package")
    found = _native(bundle, options, find)
    have = {_canonical(line) for line in found.requirements}
    more = tuple(line for line in extras if _canonical(line) not in have)
    return Needs(
        requirements=(*found.requirements, *more), constraints=found.constraints,
        follow="all", keep="all",
    )  # fmt: skip


def needs_of(names: Iterable[str], find: Find = distribution) -> Needs:
    """
    Distributions *names* and all that they need, as they are installed here.

    Raises:
        PackageNotFoundError: One of *names* is not installed.
    """
    closure = _closure(names, find)
    return Needs(
        requirements=tuple(_pin(name, find) for name in sorted(names)),
        constraints=tuple(f"{name}=={closure[name]}" for name in sorted(closure)),
        follow="all", keep="all",
    )  # fmt: skip


def _native(bundle: Bundle, options: BuildOptions, find: Find) -> Needs:
    said: Mapping[str, Any] = bundle.manifest.options[KEY]
    recipe = recipe_of(bundle.manifest.options)
    recorded = tuple(said.get("requirements", ())) or options.requirements
    recorded = recorded or _in_bundle(bundle)
    if recipe.loader != "pyfunc":  # mlflow is not what loads it
        recorded = tuple(line for line in recorded if _canonical(line) != "mlflow")
    if not said.get("environment"):
        return _proved_here(bundle, recipe, recorded, find)
    if not recorded:
        raise RequirementsMissingError(bundle.manifest.model.uri, _names(recipe, ()))
    return Needs(requirements=recorded, keep="all")


def _in_bundle(bundle: Bundle) -> tuple[str, ...]:
    file = bundle.folder / "model" / "requirements.txt"
    return lines_of(file.read_text()) if file.is_file() else ()


def read_list(file: str, option: str) -> str:
    """
    A file of requirements that a user has named; empty if none was.

    Args:
        file: Its path; may be empty.
        option: What named it, for the error.

    Raises:
        UnreadableListError: There is no such file, or it is no text.
    """
    try:
        return Path(file).expanduser().read_text() if file else ""
    except (OSError, UnicodeDecodeError) as cause:
        why = getattr(cause, "strerror", None) or str(cause)
        raise UnreadableListError(option, file, why) from cause


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a file of requirements, without comments."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)


def _names(recipe: Recipe, requirements: Iterable[str]) -> tuple[str, ...]:
    return libraries_for(
        recipe.loader, recipe.format, frame=not recipe.matrix,
        requirements=requirements,
    )  # fmt: skip


def _proved_here(
    bundle: Bundle, recipe: Recipe, recorded: tuple[str, ...], find: Find
) -> Needs:
    """The loader's libraries, and all that they need, as they are installed here."""
    asked = recorded if recipe.loader == "pyfunc" else ()
    names = _names(recipe, asked)
    closure = _closure(names, find)
    have = [name for name in map(_canonical, names) if name in closure]
    if not have:
        raise RequirementsMissingError(bundle.manifest.model.uri, names)
    # What is not installed here took no part in the proof: as it was recorded, then.
    absent = [line for line in asked if _canonical(line) not in closure]
    present = dict.fromkeys(f"{name}=={closure[name]}" for name in have)
    constraints = tuple(f"{name}=={closure[name]}" for name in sorted(closure))
    return Needs(requirements=(*present, *absent), constraints=constraints, keep="all")


def _closure(names: Iterable[str], find: Find) -> dict[str, str]:
    """Name and version of *names* and all they need, as far as it is installed."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = _canonical(waiting.pop())
        if name in found:
            continue
        try:
            have = find(name)
        except PackageNotFoundError:
            continue
        found[name] = have.version
        waiting += [line for line in have.requires or () if "extra ==" not in line]
    return found


def _pin(name: str, find: Find) -> str:
    return f"{name}=={find(name).version}"


def _canonical(requirement: str) -> str:
    match = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match.group()).lower() if match else ""
