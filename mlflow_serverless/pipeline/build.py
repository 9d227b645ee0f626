"""From a model URI to a proved bundle; every arrow is kept by what it depends on."""

import hashlib
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lambda_runtime.manifest import Engine
from lambda_runtime.version import __version__
from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.model import ServableModel
from mlflow_serverless.package import (
    Bundle,
    BundleCorruptError,
    package,
    read_bundle,
)
from mlflow_serverless.pipeline.arrows import obtain
from mlflow_serverless.pipeline.rooms import House, Rooms
from mlflow_serverless.pipeline.smoke import Question
from mlflow_serverless.report import step
from mlflow_serverless.store import digest_file, key_of, write_json
from mlflow_serverless.world import World

if TYPE_CHECKING:
    from mlflow_serverless.convert import Conversion
    from mlflow_serverless.optimise import Artefact
    from mlflow_serverless.verify import ParityOptions, ParityReport

T = TypeVar("T")

REPORTS = {".json", ".html"}
ENGINE = Engine(kind="ort-c", why="the graph was proved equal to the model")

LIBRARIES = (
    "lightgbm", "mlflow", "numpy", "onnx", "onnxruntime", "onnxslim", "pandas",
    "scikit-learn", "scipy", "skl2onnx", "skops", "xgboost", "xgboost-cpu",
)  # fmt: skip
"""Whatever may change a graph or an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A model, and the bundle that was proved to answer as it does."""

    model: ServableModel
    bundle: Bundle
    parity: "ParityReport"
    reports: Mapping[str, Path]
    """By name: `conversion.json`, `parity.json`, ..."""
    question: Question | None
    """To ask the deployment; None if the model brings no example."""


def resolve(
    uri: str, flavor: str | None, world: World, rooms: Rooms | None = None
) -> ServableModel:
    """
    The exact model at *uri*, with its files.

    Raises:
        ServerlessError: It is not there, or does not say enough about itself.
    """
    with step(world.tell, "resolve", uri) as said:
        model = (rooms or House()).resolve(uri, world.downloads, flavor)
        pinned = model.uri if model.uri == uri else f"{uri} is {model.uri}"
        said.say(f"{pinned}, {model.flavor}", uri=model.uri, digest=model.digest)
    return model


def build(
    model: ServableModel,
    config: DeploymentConfig,
    world: World,
    rooms: Rooms | None = None,
) -> Built:
    """
    Make the bundle that serves *model*, and prove it.

    Raises:
        ServerlessError: Of the room that refused.
    """
    walk = _Walk(world, rooms or House())
    key = key_of(recipe=_recipe(), model=model.digest, flavor=model.flavor)
    conversion = walk.convert(key, model)
    artefacts = walk.optimise(key, conversion)
    parity, reports = walk.verify(key, model, artefacts, options_of(config))
    return Built(
        model=model,
        bundle=walk.package(key, model, artefacts),
        parity=parity,
        reports=reports,
        question=walk.question(key, model),
    )


class _Walk:
    """Through the rooms, telling of each."""

    def __init__(self, world: World, rooms: Rooms) -> None:
        self._world = world
        self._rooms = rooms

    def convert(self, key: str, model: ServableModel) -> "Conversion":
        with step(self._world.tell, "convert", model.flavor) as said:
            value, fresh = self._obtain(
                "convert", key, lambda folder: self._converted(model, folder)
            )
            report = value.report
            said.say(
                f"{report.estimator}, {report.nodes} nodes", fresh=fresh,
                nodes=report.nodes, warnings=report.warnings,
            )  # fmt: skip
        return value

    def _converted(self, model: ServableModel, folder: Path) -> "Conversion":
        made = self._rooms.convert(model, folder)
        write_json(folder / "conversion.json", plain(made.report))
        return made

    def optimise(self, key: str, conversion: "Conversion") -> "tuple[Artefact, ...]":
        with step(self._world.tell, "optimise") as said:
            value, fresh = self._obtain(
                "optimise", key,
                lambda folder: tuple(self._rooms.optimise(conversion, folder)),
            )  # fmt: skip
            names = ", ".join(item.variant.name for item in value)
            before, after = value[-1].before_bytes, value[-1].bytes
            said.say(f"{names}, {before:,} to {after:,} bytes", fresh=fresh)
        return value

    def verify(
        self,
        key: str,
        model: ServableModel,
        artefacts: "tuple[Artefact, ...]",
        options: "ParityOptions",
    ) -> "tuple[ParityReport, dict[str, Path]]":
        full = key_of(before=key, options=plain(options), data=_data(options.data))
        with step(self._world.tell, "verify") as said:
            value, fresh = self._obtain(
                "verify", full,
                lambda folder: self._verified(model, artefacts, options, folder),
            )  # fmt: skip
            said.say(value.summary, fresh=fresh, rows=value.rows)
        folders = (("convert", key), ("verify", full))
        found = [f for room, k in folders for f in self._reports(room, k)]
        return value, {file.name: file for file in found}

    def _verified(
        self,
        model: ServableModel,
        artefacts: "tuple[Artefact, ...]",
        options: "ParityOptions",
        folder: Path,
    ) -> "ParityReport":
        from mlflow_serverless.verify.errors import ParityError  # noqa: PLC0415 - brings numpy

        try:
            report = self._rooms.verify(model, artefacts, options)
        except ParityError as refusal:
            kept = self._world.store.root / "refused" / folder.name.lstrip(".")
            kept.mkdir(parents=True, exist_ok=True)
            _write_reports(refusal.report, kept)
            self._world.tell("verify.warning", what=f"the report is in {kept}")
            raise
        _write_reports(report, folder)
        return report

    def package(
        self,
        key: str,
        model: ServableModel,
        artefacts: "tuple[Artefact, ...]",
    ) -> Bundle:
        identity = key_of(
            before=key, uri=model.uri, version=model.version, id=model.model_id
        )

        def make(folder: Path) -> None:
            package(model, artefacts, folder, engine=ENGINE)

        with step(self._world.tell, "package") as said:
            made = self._world.store.obtain("bundle", identity, make)
            try:
                bundle = read_bundle(made.folder)
            except BundleCorruptError:
                self._world.store.discard("bundle", identity)
                made = self._world.store.obtain("bundle", identity, make)
                bundle = read_bundle(made.folder)
            size = sum(file.bytes for file in bundle.manifest.files)
            what = f"{bundle.digest[:19]}, {size / 1e6:.2f} MB"
            said.say(what, fresh=made.fresh, digest=bundle.digest, bytes=size)
        return bundle

    def question(self, key: str, model: ServableModel) -> Question | None:
        value, _ = self._obtain("question", key, lambda _: self._rooms.question(model))
        return value

    def _obtain(self, room: str, key: str, make: Callable[[Path], T]) -> tuple[T, bool]:
        return obtain(self._world.store, room, key, make)

    def _reports(self, room: str, key: str) -> list[Path]:
        folder = self._world.store.find(room, key)
        return (
            sorted(f for f in folder.iterdir() if f.suffix in REPORTS) if folder else []
        )


def _write_reports(report: "ParityReport", folder: Path) -> None:
    from mlflow_serverless.verify.report import page, to_plain  # noqa: PLC0415 - brings numpy

    write_json(folder / "parity.json", to_plain(report))
    (folder / "parity.html").write_text(page(report), encoding="utf-8")


def options_of(config: DeploymentConfig) -> "ParityOptions":
    """What the configuration says about parity."""
    from mlflow_serverless.verify import ParityOptions  # noqa: PLC0415 - brings numpy

    return ParityOptions(**config.parity.model_dump())


def _data(file: Path | None) -> str:
    return digest_file(file) if file is not None and file.is_file() else ""


@cache
def _recipe() -> str:
    """Names everything but the model that a graph depends on."""
    return key_of(
        ours=__version__,
        source=_source(),
        python=platform.python_version(),
        libraries={name: _version(name) for name in LIBRARIES},
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _source() -> str:
    """Our own code, so that a checkout that was edited does not reuse old work."""
    root = Path(__file__).parent.parent
    whole = hashlib.sha256()
    for room in ("convert", "model", "optimise", "package", "resolve", "verify"):
        for file in sorted((root / room).rglob("*.py")):
            whole.update(file.read_bytes())
    return whole.hexdigest()


def plain(value: Any) -> Any:
    """A frozen value as JSON takes it."""
    return json.loads(json.dumps(asdict(value), default=str))
