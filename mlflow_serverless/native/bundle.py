"""Writing the bundle: the model's own files as they are, and a manifest."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lambda_runtime.manifest import (
    Answer,
    Engine,
    Feed,
    File,
    Manifest,
    Tensor,
    Variant,
)
from lambda_runtime.native.recipe import KEY, Recipe
from mlflow_serverless.model import ServableModel
from mlflow_serverless.package import Bundle, origin, seal
from mlflow_serverless.store import digest_file

FOLDER = "model"
"""Where the model's files lie in the bundle."""

NAME = "native"
"""Of the only variant."""

ENVIRONMENT = "environment"
"""Of the recipe's options: key of the isolated environment; empty for our own."""

REQUIREMENTS = "requirements"
"""Of the recipe's options: what the isolated environment was made from."""

_EXAMPLES = frozenset({"input_example.json", "serving_input_example.json"})
"""They may hold data of customers, and nobody reads them to predict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a native manifest says beside the model's files."""

    recipe: Recipe
    why: str
    """Why no graph serves it."""
    inputs: tuple[Tensor, ...]
    feeds: tuple[Feed, ...]
    outputs: tuple[Tensor, ...]
    answer: Answer
    environment: str = ""
    """Key of the isolated environment that serves it; empty for our own."""


def write(model: ServableModel, draft: Draft, folder: Path) -> Bundle:
    """Put the files of *model*, and the manifest that *draft* makes, into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    files = tuple(
        _copied(path, folder, f"{FOLDER}/{path.relative_to(model.folder).as_posix()}")
        for path in sorted(_needed(model.folder, draft.recipe))
    )
    main = f"{FOLDER}/MLmodel"
    needs = tuple(file.path for file in files if file.path != main)
    recipe = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in draft.recipe._asdict().items()
    }
    manifest = Manifest(
        model=origin(model),
        engine=Engine(kind="native", why=draft.why),
        inputs=draft.inputs,
        outputs=draft.outputs,
        variants=(Variant(NAME, main, needs, format="native", prepack=False),),
        signature=model.signature,
        feeds=draft.feeds,
        answer=draft.answer,
        files=files,
        options={KEY: recipe | _where(model, draft)},
    )
    return seal(manifest, folder)


def _where(model: ServableModel, draft: Draft) -> dict[str, object]:
    """An environment of its own is made again from what it was made from."""
    if not draft.environment:
        return {ENVIRONMENT: ""}
    recorded = list(model.requirements)
    return {ENVIRONMENT: draft.environment, REQUIREMENTS: recorded}


def _copied(source: Path, folder: Path, name: str) -> File:
    """
    A copy of *source* as *name* in *folder*.

    No link: what damages the bundle must not damage the model that it is made from
    again.
    """
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return File(name, digest_file(target), target.stat().st_size)


def _needed(folder: Path, recipe: Recipe) -> Iterator[Path]:
    """All that is read to predict."""
    if recipe.loader == "pyfunc":
        yield from (
            path
            for path in folder.rglob("*")
            if path.is_file()
            and path.name not in _EXAMPLES
            and "__pycache__" not in path.parts
        )
        return
    yield folder / "MLmodel"
    yield folder / recipe.file
    for code in recipe.code:
        yield from (path for path in (folder / code).rglob("*.py") if path.is_file())
