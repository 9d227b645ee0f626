"""From a model URI to a proved bundle; every arrow is kept by what it depends on."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lambda_runtime.manifest import Refusal
from mlflow_serverless.config import DeploymentConfig, OptimiseConfig
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.model import ServableModel
from mlflow_serverless.package import Bundle, BundleCorruptError, package, read_bundle
from mlflow_serverless.pipeline.arrows import obtain
from mlflow_serverless.pipeline.built import Built, Proved
from mlflow_serverless.pipeline.engine import (
    ASKED,
    NOT_HERE,
    Choice,
    cost_of,
    graph_engine,
    says_no_graph,
    why_of,
)
from mlflow_serverless.pipeline.measuring import measured
from mlflow_serverless.pipeline.recipe import (
    options_of,
    parity_key,
    recipe,
    sample_digest,
)
from mlflow_serverless.pipeline.reports import plain, write_reports
from mlflow_serverless.pipeline.rooms import House, Rooms
from mlflow_serverless.pipeline.smoke import Question
from mlflow_serverless.report import step
from mlflow_serverless.store import key_of, write_json
from mlflow_serverless.wording import amount
from mlflow_serverless.world import World

if TYPE_CHECKING:
    from mlflow_serverless.convert import Conversion
    from mlflow_serverless.native import NativeMade
    from mlflow_serverless.optimise import Artefact
    from mlflow_serverless.verify import ParityOptions, ParityReport

T = TypeVar("T")

REPORTS = {".json", ".html"}


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
    model: ServableModel, config: DeploymentConfig, world: World,
    rooms: Rooms | None = None,
) -> Built:  # fmt: skip
    """
    Make the bundle that serves *model*, and prove it.

    Raises:
        ServerlessError: Of the room that refused.
    """
    options = options_of(config)
    walk = _Walk(world, rooms or House(), config.optimise)
    wanted = config.conversion.environment
    key = walk.move_to(model, wanted)
    try:
        proved = walk.prove(key, model, options, config.engine)
    except ServerlessError as refusal:
        if wanted != "auto" or walk.is_away or refusal.code not in NOT_HERE:
            raise
        key = walk.move_to(model, "isolated")
        proved = walk.prove(key, model, options, config.engine)
    question = walk.question(key, model)
    found = (walk.rooms, model, proved.bundle, options, question, world)
    return Built(
        model=model, bundle=proved.bundle, parity=proved.parity,
        reports=proved.reports, question=question, cost=proved.cost,
        init_ms=proved.init_ms, measured=measured(*found),
    )  # fmt: skip


class _Walk:
    """Through the rooms, telling of each."""

    def __init__(self, world: World, rooms: Rooms, asked: OptimiseConfig) -> None:
        self._world = world
        self.rooms = rooms
        self._asked = asked
        self.is_away = False
        """Whether these are the rooms of the model's own environment."""

    def move_to(self, model: ServableModel, wanted: str) -> str:
        """Walk on in the environment that *model* needs; the key of all work there."""
        self.rooms, there = self.rooms.environment(model, wanted, self._world)
        self.is_away = bool(there)
        return key_of(
            recipe=recipe(), model=model.digest, flavor=model.flavor, environment=there
        )

    def prove(
        self, key: str, model: ServableModel, options: "ParityOptions", engine: str
    ) -> Proved:
        """The bundle that *engine* asks for: of an exact graph, or of its library."""
        asked = self._asked.model_dump(mode="json")
        full = parity_key(key_of(before=key, asked=asked), options)
        # fewer bits are asked of a graph: no library serves them
        by_graph = engine == "onnx" or self._asked.precision != "exact"
        may_choose = engine == "auto" and not by_graph
        known = self._world.store.find("choice", full) if may_choose else None
        if engine != "native" and known is None:
            try:
                return self._by_graph(key, model, options)
            except ServerlessError as refusal:
                if by_graph or not says_no_graph(refusal):
                    raise
                why = why_of(refusal)
        else:
            why = ASKED
        if engine == "auto":
            why = self._obtain("choice", full, lambda _: Choice(why))[0].why
            self._world.tell("engine.warning", what=f"no exact graph: {why}")
        return self._by_library(full, model, options, why)

    def _by_graph(
        self, key: str, model: ServableModel, options: "ParityOptions"
    ) -> Proved:
        conversion = self.convert(key, model)
        formed = key_of(
            before=key, asked=self._asked.model_dump(mode="json"),
            data=sample_digest(self._asked.calibration),
        )  # fmt: skip
        artefacts = self.optimise(formed, conversion)
        parity, proof = self.verify(formed, model, artefacts, options)
        found = [*self._reports("convert", key), *self._reports("optimise", formed)]
        return Proved(
            bundle=self.package(formed, model, artefacts, parity.at_the_door),
            parity=parity,
            reports={file.name: file for file in (*found, *proof)},
        )

    def _by_library(
        self, key: str, model: ServableModel, options: "ParityOptions", why: str
    ) -> Proved:
        full = key_of(
            before=key, why=why, uri=model.uri, version=model.version,
            id=model.model_id,
        )  # fmt: skip

        def make(folder: Path) -> "NativeMade":
            made = self.rooms.native(model, folder / "bundle", why, options)
            write_reports(made.report, folder)
            said = plain(made.cost) | {"why": why, "loader": made.loader}
            write_json(folder / "native.json", said)
            return made

        with step(self._world.tell, "native", model.flavor) as said:
            made, fresh = self._obtain("native", full, make)
            folder = self._world.store.root / "native" / full / "bundle"
            try:
                bundle = read_bundle(folder)
            except BundleCorruptError:
                self._world.store.discard("native", full)
                made, fresh = self._obtain("native", full, make)
                bundle = read_bundle(folder)
            what = f"{made.report.summary}; {cost_of(made)}"
            said.say(what, fresh=fresh, why=why, **plain(made.cost))
        return Proved(
            bundle=bundle,
            parity=made.report,
            reports={f.name: f for f in self._reports("native", full)},
            cost=cost_of(made),
            init_ms=made.cost.cold_ms,
        )

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
        made = self.rooms.convert(model, folder)
        write_json(folder / "conversion.json", plain(made.report))
        return made

    def optimise(self, key: str, conversion: "Conversion") -> "tuple[Artefact, ...]":
        with step(self._world.tell, "optimise") as said:
            value, fresh = self._obtain(
                "optimise", key, lambda folder: self._formed(conversion, folder)
            )
            names = ", ".join(item.variant.name for item in value)
            before, after = value[-1].before_bytes, value[-1].bytes
            said.say(f"{names}, {before:,} to {after:,} bytes", fresh=fresh)
        return value

    def _formed(self, conversion: "Conversion", folder: Path) -> "tuple[Artefact, ...]":
        made = tuple(self.rooms.optimise(conversion, folder, self._asked))
        write_json(folder / "optimise.json", {"forms": [a.described() for a in made]})
        return made

    def verify(
        self,
        key: str,
        model: ServableModel,
        artefacts: "tuple[Artefact, ...]",
        options: "ParityOptions",
    ) -> "tuple[ParityReport, list[Path]]":
        full = parity_key(key, options)
        with step(self._world.tell, "verify") as said:
            value, fresh = self._obtain(
                "verify", full,
                lambda folder: self._verified(model, artefacts, options, folder),
            )  # fmt: skip
            said.say(value.summary, fresh=fresh, rows=value.rows)
        return value, self._reports("verify", full)

    def _verified(
        self, model: ServableModel, artefacts: "tuple[Artefact, ...]",
        options: "ParityOptions", folder: Path,
    ) -> "ParityReport":  # fmt: skip
        from mlflow_serverless.optimise import held_to_budget  # noqa: PLC0415 - brings onnx
        from mlflow_serverless.verify.errors import ParityError  # noqa: PLC0415 - brings numpy

        try:
            report = self.rooms.verify(model, artefacts, options, self._world.tell)
        except ParityError as refusal:
            kept = self._world.store.root / "refused" / folder.name.lstrip(".")
            kept.mkdir(parents=True, exist_ok=True)
            write_reports(refusal.report, kept)
            self._world.tell("verify.warning", what=f"the report is in {kept}")
            held_to_budget(refusal.report, artefacts)
            raise
        write_reports(report, folder)
        return report

    def package(
        self,
        key: str,
        model: ServableModel,
        artefacts: "tuple[Artefact, ...]",
        refusals: tuple[Refusal, ...],
    ) -> Bundle:
        engine = graph_engine()
        identity = key_of(
            before=key, uri=model.uri, version=model.version, id=model.model_id,
            refusals=[list(item) for item in refusals], engine=engine.kind,
        )  # fmt: skip

        def make(folder: Path) -> None:
            package(model, artefacts, folder, engine=engine, refusals=refusals)

        with step(self._world.tell, "package") as said:
            made = self._world.store.obtain("bundle", identity, make)
            try:
                bundle = read_bundle(made.folder)
            except BundleCorruptError:
                self._world.store.discard("bundle", identity)
                made = self._world.store.obtain("bundle", identity, make)
                bundle = read_bundle(made.folder)
            size = sum(file.bytes for file in bundle.manifest.files)
            what = f"{bundle.digest[:19]}, {amount(size)}"
            said.say(what, fresh=made.fresh, digest=bundle.digest, bytes=size)
        return bundle

    def question(self, key: str, model: ServableModel) -> Question | None:
        value, _ = self._obtain("question", key, lambda _: self.rooms.question(model))
        return value

    def _obtain(self, room: str, key: str, make: Callable[[Path], T]) -> tuple[T, bool]:
        return obtain(self._world.store, room, key, make)

    def _reports(self, room: str, key: str) -> list[Path]:
        folder = self._world.store.find(room, key)
        found = folder.iterdir() if folder else ()
        return sorted(file for file in found if file.suffix in REPORTS)
