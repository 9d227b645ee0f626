"""The rooms of a model's own environment: its library is loaded there alone."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_serverless.config import OptimiseConfig
from mlflow_serverless.environment import Isolation, call
from mlflow_serverless.model import ServableModel
from mlflow_serverless.package import Bundle
from mlflow_serverless.pipeline.rooms import House, Rooms, candidate_of
from mlflow_serverless.pipeline.smoke import Question, difference
from mlflow_serverless.world import Tell, World

if TYPE_CHECKING:
    from mlflow_serverless.convert import Conversion
    from mlflow_serverless.measure import Measured
    from mlflow_serverless.native import NativeMade
    from mlflow_serverless.optimise import Artefact
    from mlflow_serverless.verify import ParityOptions, ParityReport


class Isolated:
    """
    Walks where the model can be loaded as it was made.

    Args:
        isolation: The environment.
        world: Told where its answers and those of our own libraries part.
    """

    def __init__(self, isolation: Isolation, world: World) -> None:
        self._isolation, self._world = isolation, world

    @staticmethod
    def resolve(text: str, downloads: Path, flavor: str | None) -> ServableModel:
        """As in the house: no library of the model's is needed."""
        return House.resolve(text, downloads, flavor)

    def environment(
        self, _model: ServableModel, _wanted: str, _world: World
    ) -> tuple[Rooms, str]:
        """These rooms."""
        return self, self._isolation.key

    def convert(self, model: ServableModel, folder: Path) -> "Conversion":
        """Graphs, made by the model's own versions."""
        made: Conversion = call(
            self._isolation.python, "convert", model=model, folder=folder
        )
        return made

    @staticmethod
    def optimise(
        conversion: "Conversion", folder: Path, asked: OptimiseConfig
    ) -> "Sequence[Artefact]":
        """As in the house: a graph is a graph."""
        return House.optimise(conversion, folder, asked)

    def verify(
        self,
        model: ServableModel,
        artefacts: "Sequence[Artefact]",
        options: "ParityOptions",
        tell: Tell,
    ) -> "ParityReport":
        """Proof against what the model answers in its own environment."""
        tell("verify.progress", what="asks the model in its own environment")
        report: ParityReport = call(
            self._isolation.python, "verify", tell=tell, model=model, options=options,
            candidates=[candidate_of(item) for item in artefacts],
        )  # fmt: skip
        return report

    def native(
        self, model: ServableModel, folder: Path, why: str, options: "ParityOptions"
    ) -> "NativeMade":
        """A bundle that is served by this very environment."""
        made: NativeMade = call(
            self._isolation.python, "native", model=model, folder=folder, why=why,
            options=options, environment=self._isolation.key,
        )  # fmt: skip
        return made

    def question(self, model: ServableModel) -> Question | None:
        """The model's answer there; and whether it would have been another here."""
        asked: Question | None = call(self._isolation.python, "question", model=model)
        if asked is not None and (said := skew(model, asked)):
            self._world.tell("environment.warning", what=said)
        return asked

    def measure(
        self, model: ServableModel, bundle: Bundle, options: "ParityOptions",
        question: Question | None,
    ) -> "Measured":  # fmt: skip
        """As in the house; a library of its own is served from its environment."""
        native = bundle.manifest.engine.kind == "native"
        python = self._isolation.python if native else None
        return House.measure(model, bundle, options, question, python)


def skew(model: ServableModel, own: Question) -> str:
    """
    How the answer of our own libraries to the example differs; empty if it does not.

    Where they cannot load the model at all, there is nothing to compare.
    """
    try:
        here = House.question(model)
    except Exception:  # noqa: BLE001 - that is why it is answered elsewhere
        return ""
    if here is None:
        return ""
    wrong = difference(json.loads(own.answer), json.loads(here.answer))
    if not wrong:
        return ""
    return (
        f"the versions installed here answer the model's example otherwise: {wrong}; "
        "the model's own environment is what is served"
    )
