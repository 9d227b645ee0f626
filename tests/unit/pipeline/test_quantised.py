"""Asked for fewer bits: the refusal is the user's to read, not a reason to do else."""

from dataclasses import dataclass, replace

import pytest

from mlflow_serverless.config import parse
from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.optimise import AnswersMovedError, Cost
from mlflow_serverless.optimise.errors import QuantisationError
from mlflow_serverless.pipeline.build import build
from mlflow_serverless.store import ContentStore
from mlflow_serverless.verify.errors import ParityError
from mlflow_serverless.verify.report.values import CandidateReport, GroupVerdict
from mlflow_serverless.world import World
from tests.fakes.memory_cloud import MemoryCloud
from tests.fakes.rooms import FakeRooms

ASKED = {"optimise.precision": "int8", "engine": "auto"}


@dataclass
class Moved(FakeRooms):
    """Quantises, and finds that seven labels and some scores moved."""

    fault: str = ""

    def optimise(self, conversion, folder, asked):
        self.asked = asked
        (form,) = super().optimise(conversion, folder, asked)
        cost = Cost(bytes=400, load_ms=2.0, run_us=9.0)
        variant = form.variant._replace(name="int8")
        return [replace(form, before=cost, variant=variant)]

    def verify(self, model, artefacts, options, tell):
        report = super().verify(model, artefacts, options, tell)
        group = GroupVerdict(
            name="drawn", rows=50, flips=7, beyond=9, max_abs=0.0123, fault=self.fault
        )
        found = CandidateReport(
            name="int8", file="int8.onnx", format="onnx", bytes=100,
            passed=options.max_label_flips >= 7, verdict="7 wrong labels of 50",
            groups=(group,),
        )  # fmt: skip
        report = replace(report, candidates=(found,))
        if not report.passed:
            raise ParityError(report)
        return report


@pytest.fixture
def world(tmp_path):
    """A memory of a cloud, and folders of one's own."""
    return World(
        target="memory:",
        cloud=MemoryCloud(),
        store=ContentStore(tmp_path / "work"),
        downloads=tmp_path / "models",
        tell=lambda *_, **__: None,
    )


def test_moved_answers_stop_the_story(world):
    """
    Neither the exact graph nor the native engine is served instead; budgets are named.
    """
    rooms = Moved()
    model = rooms.resolve("models:/digits/1", world.downloads, None)

    with pytest.raises(AnswersMovedError) as caught:
        build(model, parse(ASKED), world, rooms)

    assert "native" not in rooms.visits
    assert "parity.max_label_flips=7 and parity.atol=0.013" in caught.value.hint


def test_a_quantised_graph_that_fails_stops_it_too(world):
    """
    What the engine cannot run is said so, whichever engine was to be chosen.
    """
    rooms = Moved(fault="the model answers, the graph fails")
    model = rooms.resolve("models:/digits/1", world.downloads, None)

    with pytest.raises(QuantisationError, match="int8"):
        build(model, parse(ASKED), world, rooms)

    assert "native" not in rooms.visits


def test_a_model_without_a_graph_is_not_served_in_fewer_bits(world):
    """
    The library keeps every bit, so it is no answer to who asked for fewer.
    """

    class Graphless(FakeRooms):
        def convert(self, model, folder):
            why = "it has none"
            raise NoConversionError(why)

    rooms = Graphless()
    model = rooms.resolve("models:/digits/1", world.downloads, None)

    with pytest.raises(NoConversionError):
        build(model, parse(ASKED), world, rooms)

    assert "native" not in rooms.visits


def test_a_budget_that_was_given_is_served_and_reported(world):
    """
    Within the budget the quantised form is packed, and its costs are in the reports.
    """
    rooms = Moved()
    model = rooms.resolve("models:/digits/1", world.downloads, None)

    built = build(model, parse({**ASKED, "parity.max_label_flips": 7}), world, rooms)

    assert "int8" == rooms.asked.precision
    assert "int8" == built.bundle.manifest.variants[0].name
    assert '"before_run_us": 9.0' in built.reports["optimise.json"].read_text()


def test_another_precision_is_another_piece_of_work(world):
    """
    What was made exactly is not taken for what is asked in fewer bits, nor back.
    """
    rooms = FakeRooms()
    model = rooms.resolve("models:/digits/1", world.downloads, None)

    for precision in ("exact", "float16", "exact"):
        build(model, parse({"optimise.precision": precision}), world, rooms)

    assert 1 == rooms.visits["convert"]
    assert 2 == rooms.visits["optimise"]
