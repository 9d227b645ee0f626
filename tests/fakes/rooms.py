"""Rooms that make small real values, count their visits, and can be told to die."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lambda_runtime.manifest import (
    Answer,
    Column,
    Feed,
    Field,
    Signature,
    Tensor,
    Variant,
)
from mlflow_serverless.config import OptimiseConfig
from mlflow_serverless.convert import Conversion, ConversionReport, OnnxGraph
from mlflow_serverless.measure import Measured
from mlflow_serverless.model import ServableModel
from mlflow_serverless.optimise import Artefact
from mlflow_serverless.pipeline.smoke import Question
from mlflow_serverless.verify import ParityOptions, ParityReport
from mlflow_serverless.world import Tell

QUESTION = Question(payload=b'{"inputs": [1]}', answer='{"predictions": [1.0]}')


@dataclass
class FakeRooms:
    """Every URI is a model of its own; `aliases` may send one to another."""

    visits: Counter[str] = field(default_factory=Counter)
    dies_in: str = ""
    """A room in which the process is killed."""
    asks: Question | None = QUESTION
    aliases: dict[str, str] = field(default_factory=dict)

    def _visit(self, room: str) -> None:
        if room == self.dies_in:
            raise KeyboardInterrupt
        self.visits[room] += 1

    def resolve(self, text: str, downloads: Path, flavor: str | None) -> ServableModel:
        self._visit("resolve")
        uri = self.aliases.get(text, text)
        return replace(BLANK, uri=uri, asked=text, digest=f"sha256:{uri}")

    def environment(self, model, wanted, world):
        return self, ""

    def native(self, model, folder, why, options):
        self._visit("native")
        raise AssertionError("no test asks for a library here")

    def convert(self, model: ServableModel, folder: Path) -> Conversion:
        self._visit("convert")
        file = folder / "model.onnx"
        file.write_text(f"graph of {model.uri}")
        graph = OnnxGraph(
            file=file,
            inputs=(Tensor("x", "float32", (None, 1)),),
            outputs=(Tensor("y", "float32", (None,)),),
            feeds=(Feed("x", ("a",)),),
            answer=Answer("array", (Field("y"),)),
            opset=(("", 18),),
        )
        report = ConversionReport(
            flavor="sklearn", estimator="It", recipes=(), warnings=(), seconds=0.0,
            nodes=1, libraries=(),
        )  # fmt: skip
        return Conversion(graph=graph, report=report)

    def optimise(
        self, conversion: Conversion, folder: Path, asked: OptimiseConfig
    ) -> Sequence[Artefact]:
        self._visit("optimise")
        graph = conversion.graph
        size = graph.file.stat().st_size
        return [
            Artefact(
                variant=Variant("portable", graph.file.name), graph=graph,
                bytes=size, before_bytes=size, steps=(), load_ms=1.0, run_us=1.0,
            )
        ]  # fmt: skip

    def verify(
        self,
        model: ServableModel,
        artefacts: Sequence[Artefact],
        options: ParityOptions,
        tell: Tell,
    ) -> ParityReport:
        self._visit("verify")
        return ParityReport(
            model=model.uri, digest=model.digest, flavor=model.flavor,
            predict_fn="predict", seed=options.seed, groups=(), candidates=(),
        )  # fmt: skip

    def question(self, model: ServableModel) -> Question | None:
        self._visit("question")
        return self.asks

    def measure(self, model, bundle, options, question) -> Measured:
        self._visit("measure")
        return Measured(
            memory_mb=90, scratch_bytes=0, requests=2, rows=20, largest_bytes=1000
        )


BLANK = ServableModel(
    uri="", asked="", name=None, version=None, model_id=None, run_id=None,
    flavor="sklearn", predict_fn="predict",
    signature=Signature(columns=(Column("a", "double"),)), folder=Path("model"),
    digest="", requirements=(), example=None,
)  # fmt: skip
