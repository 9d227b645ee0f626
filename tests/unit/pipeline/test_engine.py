"""Which engine serves: an exact graph where there is one, else the model's library."""

from pathlib import Path

import pytest

from lambda_runtime.faults import BrokenBundle
from lambda_runtime.manifest import Answer, Field, Tensor
from lambda_runtime.native.recipe import Recipe
from mlflow_serverless.config import parse
from mlflow_serverless.convert.errors import (
    MalformedModelError,
    NoConversionError,
    UnloadableModelError,
)
from mlflow_serverless.native import NativeCost, NativeMade
from mlflow_serverless.native.bundle import Draft, write
from mlflow_serverless.pipeline import DeployRequest, build, plan_only
from mlflow_serverless.pipeline.engine import ENGINE, graph_engine
from mlflow_serverless.store import ContentStore
from mlflow_serverless.verify import ParityReport
from mlflow_serverless.verify.errors import ParityError
from mlflow_serverless.world import World
from tests.fakes.memory_cloud import MemoryCloud
from tests.fakes.rooms import FakeRooms

COST = NativeCost(
    bundle_bytes=2_000_000, libraries=("scikit-learn",), library_bytes=250_000_000,
    cold_ms=1400.0, first_ms=30.0,
)  # fmt: skip


class Rooms(FakeRooms):
    """Rooms whose models need their library; `refusal` is what converting says."""

    def __init__(self, refusal=None, at="convert") -> None:
        super().__init__()
        self.refusal, self.at = refusal, at
        self.downloads = None
        self.moved = []

    def environment(self, model, wanted, world):
        self.moved.append(wanted)
        if wanted == "isolated":
            self.refusal = None
            return self, "apart"
        return self, ""

    def convert(self, model, folder):
        if self.refusal is not None and self.at == "convert":
            self.visits["refused"] += 1
            raise self.refusal
        return super().convert(model, folder)

    def verify(self, model, artefacts, options, tell):
        if self.refusal is not None and self.at == "verify":
            raise self.refusal
        return super().verify(model, artefacts, options, tell)

    def native(self, model, folder, why, options):
        self.visits["native"] += 1
        source = self.downloads or folder.parent / "source"
        source.mkdir(exist_ok=True)
        (source / "MLmodel").write_text("flavors: {}")
        (source / "model.pkl").write_text(model.uri)
        draft = Draft(
            recipe=Recipe("sklearn", "model.pkl", "pickle"), why=why, inputs=(),
            feeds=(), outputs=(Tensor("answer", "float64", (None,)),),
            answer=Answer("array", (Field("answer"),)),
        )  # fmt: skip
        from dataclasses import replace

        write(replace(model, folder=source), draft, folder)
        return NativeMade(report=REPORT, cost=COST, why=why, loader="sklearn")


REPORT = ParityReport(
    model="m", digest="d", flavor="sklearn", predict_fn="predict", seed=0, groups=(),
    candidates=(),
)  # fmt: skip

NO_GRAPH = NoConversionError("its function is Python code", of="Odd")


class Told:
    def __init__(self) -> None:
        self.events = []

    def __call__(self, event, /, **fields) -> None:
        self.events.append((event, str(fields.get("what"))))


@pytest.fixture
def world(tmp_path):
    return World(
        target="memory:", cloud=MemoryCloud(), store=ContentStore(tmp_path / "work"),
        downloads=tmp_path / "models", tell=Told(),
    )  # fmt: skip


def built(world, rooms, **given):
    model = rooms.resolve("models:/m/1", world.downloads, None)
    return build(model, parse(given), world, rooms)


def test_an_exact_graph_is_preferred(world):
    """
    Where a graph is proved equal, nobody asks for the library.
    """
    rooms = Rooms()

    assert "ort-c" == built(world, rooms).bundle.manifest.engine.kind
    assert 0 == rooms.visits["native"]


@pytest.mark.parametrize(
    ("refusal", "at"), [(NO_GRAPH, "convert"), (ParityError(REPORT), "verify")]
)
def test_without_an_exact_graph_the_library_serves_and_says_why(world, refusal, at):
    """
    The reason is in the manifest, the report and the progress; so is the cost.
    """
    done = built(world, Rooms(refusal, at))
    engine = done.bundle.manifest.engine

    assert "native" == engine.kind
    assert engine.why.startswith(refusal.code)
    assert {"native.json", "parity.html", "parity.json"} == set(done.reports)
    assert "250 MB of libraries" in done.cost
    assert "cold start 1400 ms" in done.cost
    assert any(
        e == "engine.warning" and refusal.code in w for e, w in world.tell.events
    )


def test_the_choice_is_made_once(world):
    """
    The second time nothing is converted to no avail, and nothing is made again.
    """
    rooms = Rooms(NO_GRAPH)
    first, again = built(world, rooms), built(world, rooms)

    assert first.bundle.digest == again.bundle.digest
    assert (1, 1) == (rooms.visits["refused"], rooms.visits["native"])


@pytest.mark.parametrize("damaged", ["model/model.pkl", "manifest.json"])
def test_a_damaged_native_bundle_is_made_again(world, tmp_path, damaged):
    """
    What was changed in place is noticed, and made again from the model that is whole.
    """
    rooms = Rooms(NO_GRAPH)
    rooms.downloads = tmp_path / "model"
    first = built(world, rooms)
    with (first.bundle.folder / damaged).open("r+b") as file:
        file.write(b"#")

    again = built(world, rooms)

    assert first.bundle.digest == again.bundle.digest
    assert 2 == rooms.visits["native"]
    assert b"#" not in (rooms.downloads / "model.pkl").read_bytes()


def test_onnx_alone_is_refused_with_the_evidence(world):
    """
    Whoever asks for a graph hears why there is none.
    """
    with pytest.raises(NoConversionError):
        built(world, Rooms(NO_GRAPH), engine="onnx")


def test_native_alone_converts_nothing(world):
    """
    Whoever asks for the library gets it, exact graph or not.
    """
    rooms = Rooms()
    done = built(world, rooms, engine="native")

    assert "native" == done.bundle.manifest.engine.kind
    assert "asked for" in done.bundle.manifest.engine.why
    assert 0 == rooms.visits["convert"]


def test_a_broken_model_is_no_reason_for_its_library(world):
    """
    What is wrong with the model itself is told, not worked around.
    """
    rooms = Rooms(MalformedModelError(Path("model"), "it has no MLmodel file"))
    with pytest.raises(MalformedModelError):
        built(world, rooms)

    assert 0 == rooms.visits["native"]


UNLOADABLE = UnloadableModelError(Path("model.pkl"), ValueError("no"), "sklearn 1")


def test_a_model_that_does_not_load_here_is_tried_in_its_own_environment(world):
    """
    Versions that look alike may still not load it; its own do.
    """
    rooms = Rooms(UNLOADABLE)
    done = built(world, rooms)

    assert ["auto", "isolated"] == rooms.moved
    assert "ort-c" == done.bundle.manifest.engine.kind


def test_here_means_here(world):
    """
    Whoever forbids another environment hears what went wrong in this one.
    """
    rooms = Rooms(UNLOADABLE)
    with pytest.raises(UnloadableModelError):
        built(world, rooms, **{"conversion.environment": "here"})

    assert ["here"] == rooms.moved


def test_the_plan_says_the_engine_why_and_at_what_cost(world):
    """
    Before anything is deployed one knows what it would take.
    """
    wish = DeployRequest(name="m", model_uri="models:/m/1")
    proposal = plan_only(wish, world, Rooms(NO_GRAPH))

    assert proposal.engine.startswith("native: no-conversion: ")
    assert "MB of libraries" in proposal.cost


def test_the_library_itself_runs_graphs_where_it_is_there():
    """What is installed here has it: no numpy is brought into the image."""
    assert ENGINE == graph_engine()


def test_a_package_without_the_library_is_served_by_its_python(tmp_path):
    """Absent, or no ONNX Runtime: the other engine, and the manifest says why."""
    other = tmp_path / "libonnxruntime.so"
    other.write_text("no library")

    def nowhere() -> str:
        code, why = "engine-missing", "no libonnxruntime.so in /site"
        raise BrokenBundle(code, why)

    found = [graph_engine(nowhere), graph_engine(lambda: str(other))]

    assert ["ort-python"] * 2 == [engine.kind for engine in found]
    assert "engine-missing: no libonnxruntime.so in /site" == found[0].why
    assert "cannot be loaded as a library" in found[1].why
