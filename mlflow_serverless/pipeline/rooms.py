"""The rooms that the story walks through, as it calls them.

Imported when they are first needed: a run that finds everything made already never
loads a converter. Tests walk through rooms of their own.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mlflow_serverless.config import OptimiseConfig
from mlflow_serverless.model import ServableModel
from mlflow_serverless.package import Bundle
from mlflow_serverless.pipeline.engine import graph_engine
from mlflow_serverless.pipeline.smoke import Question
from mlflow_serverless.world import Tell, World

if TYPE_CHECKING:
    from mlflow_serverless.convert import Conversion
    from mlflow_serverless.measure import Measured
    from mlflow_serverless.native import NativeMade
    from mlflow_serverless.optimise import Artefact
    from mlflow_serverless.verify import Candidate, ParityOptions, ParityReport


class Rooms(Protocol):
    """What each room does; see the rooms themselves."""

    def resolve(self, text: str, downloads: Path, flavor: str | None) -> ServableModel:
        """The exact model that *text* names, in *downloads*."""
        ...

    def environment(
        self, model: ServableModel, wanted: str, world: World
    ) -> "tuple[Rooms, str]":
        """
        The rooms to walk on through, and the key of the environment they are in.

        *wanted* is `auto`, `here` or `isolated`; the key of ours is empty.
        """
        ...

    def native(
        self, model: ServableModel, folder: Path, why: str, options: "ParityOptions"
    ) -> "NativeMade":
        """A bundle in *folder* that serves *model* by its own library, proved."""
        ...

    def convert(self, model: ServableModel, folder: Path) -> "Conversion":
        """Graphs, with their files in *folder*."""
        ...

    def optimise(
        self, conversion: "Conversion", folder: Path, asked: OptimiseConfig
    ) -> "Sequence[Artefact]":
        """Forms of the graph to serve, with their files in *folder*."""
        ...

    def verify(
        self,
        model: ServableModel,
        artefacts: "Sequence[Artefact]",
        options: "ParityOptions",
        tell: Tell,
    ) -> "ParityReport":
        """Proof that every artefact answers as the model does, or an error."""
        ...

    def question(self, model: ServableModel) -> Question | None:
        """What to ask a deployment, and the model's own answer."""
        ...

    def measure(
        self, model: ServableModel, bundle: Bundle, options: "ParityOptions",
        question: Question | None,
    ) -> "Measured":  # fmt: skip
        """What the runtime takes to serve *bundle*, or an error."""
        ...


class House:
    """The real rooms."""

    @staticmethod
    def resolve(text: str, downloads: Path, flavor: str | None) -> ServableModel:
        """See `mlflow_serverless.resolve`."""
        from mlflow_serverless.resolve import resolve  # noqa: PLC0415 - brings mlflow

        return resolve(text, downloads=downloads, flavor=flavor)

    def environment(
        self, model: ServableModel, wanted: str, world: World
    ) -> tuple[Rooms, str]:
        """See `mlflow_serverless.environment`."""
        from mlflow_serverless.environment import settle  # noqa: PLC0415 - tests need none
        from mlflow_serverless.pipeline.isolated import Isolated  # noqa: PLC0415

        made = settle(model, wanted, world)
        return (self, "") if made is None else (Isolated(made, world), made.key)

    @staticmethod
    def native(
        model: ServableModel, folder: Path, why: str, options: "ParityOptions"
    ) -> "NativeMade":
        """See `mlflow_serverless.native`."""
        from mlflow_serverless.native import make  # noqa: PLC0415 - brings numpy

        return make(model, folder, why=why, options=options)

    @staticmethod
    def convert(model: ServableModel, folder: Path) -> "Conversion":
        """See `mlflow_serverless.convert`."""
        from mlflow_serverless.convert import convert  # noqa: PLC0415 - brings onnx

        return convert(model, folder)

    @staticmethod
    def optimise(
        conversion: "Conversion", folder: Path, asked: OptimiseConfig
    ) -> "Sequence[Artefact]":
        """See `mlflow_serverless.optimise`."""
        from mlflow_serverless.optimise import OptimiseOptions, optimise  # noqa: PLC0415 - brings onnx

        return optimise(conversion, folder, OptimiseOptions(**asked.model_dump()))

    @staticmethod
    def verify(
        model: ServableModel,
        artefacts: "Sequence[Artefact]",
        options: "ParityOptions",
        tell: Tell,
    ) -> "ParityReport":
        """See `mlflow_serverless.verify`."""
        from mlflow_serverless.verify import verify  # noqa: PLC0415 - brings onnxruntime

        candidates = [candidate_of(item) for item in artefacts]
        return verify(model, candidates, options=options, tell=tell)

    @staticmethod
    def question(model: ServableModel) -> Question | None:
        """See `mlflow_serverless.pipeline.question`."""
        from mlflow_serverless.pipeline.question import question_of  # noqa: PLC0415 - brings mlflow

        return question_of(model)

    @staticmethod
    def measure(
        model: ServableModel, bundle: Bundle, options: "ParityOptions",
        question: Question | None, python: Path | None = None,
    ) -> "Measured":  # fmt: skip
        """See `mlflow_serverless.measure`; by *python*, or by this interpreter."""
        from mlflow_serverless.measure import measure  # noqa: PLC0415 - brings numpy
        from mlflow_serverless.measure.asked import requests_for  # noqa: PLC0415

        example = question.payload if question else None
        asked = requests_for(model, options, example)
        return measure(bundle.folder, asked, python)


def candidate_of(artefact: "Artefact") -> "Candidate":
    """What is put to the proof is what will be packed: same settings, same engine."""
    from mlflow_serverless.verify import candidate_of  # noqa: PLC0415 - brings numpy

    made = candidate_of(artefact.graph, variant=artefact.variant)
    return replace(made, engine=graph_engine().kind)
