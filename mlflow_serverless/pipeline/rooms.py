"""The rooms that the story walks through, as it calls them.

Imported when they are first needed: a run that finds everything made already never
loads a converter. Tests walk through rooms of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lambda_runtime.manifest import Variant
from mlflow_serverless.model import ServableModel
from mlflow_serverless.pipeline.smoke import Question

if TYPE_CHECKING:
    from mlflow_serverless.convert import Conversion
    from mlflow_serverless.verify import Candidate, ParityOptions, ParityReport


@dataclass(frozen=True, slots=True)
class Form:
    """One form of the graph to serve: what is proved, and what is packed."""

    candidate: "Candidate"
    variant: Variant

    @property
    def folder(self) -> Path:
        """Where the variant's files lie."""
        return self.candidate.file.parent


class Rooms(Protocol):
    """What each room does; see the rooms themselves."""

    def resolve(self, text: str, downloads: Path, flavor: str | None) -> ServableModel:
        """The exact model that *text* names, in *downloads*."""
        ...

    def convert(self, model: ServableModel, folder: Path) -> "Conversion":
        """Graphs, with their files in *folder*."""
        ...

    def optimise(self, conversion: "Conversion", folder: Path) -> Sequence[Form]:
        """Forms of the graph to serve, with their files in *folder*."""
        ...

    def verify(
        self,
        model: ServableModel,
        forms: Sequence[Form],
        options: "ParityOptions",
    ) -> "ParityReport":
        """Proof that every form answers as the model does, or an error."""
        ...

    def question(self, model: ServableModel) -> Question | None:
        """What to ask a deployment, and the model's own answer."""
        ...


class House:
    """The real rooms."""

    @staticmethod
    def resolve(text: str, downloads: Path, flavor: str | None) -> ServableModel:
        """See `mlflow_serverless.resolve`."""
        from mlflow_serverless.resolve import resolve  # noqa: PLC0415 - brings mlflow

        return resolve(text, downloads=downloads, flavor=flavor)

    @staticmethod
    def convert(model: ServableModel, folder: Path) -> "Conversion":
        """See `mlflow_serverless.convert`."""
        from mlflow_serverless.convert import convert  # noqa: PLC0415 - brings onnx

        return convert(model, folder)

    @staticmethod
    def optimise(conversion: "Conversion", folder: Path) -> Sequence[Form]:  # noqa: ARG004 - files stay where they are
        """The graph as converted, and its twin for the first requests if it has one."""
        from mlflow_serverless.verify import candidate_of  # noqa: PLC0415 - brings numpy

        twins = {f"twin-{i}": twin for i, twin in enumerate(conversion.twins)}
        named = {"portable": conversion.graph, **twins}
        return [
            Form(candidate_of(graph, name), Variant(name, graph.file.name, use=use))
            for name, graph in named.items()
            for use in [_use(name, twins=bool(twins))]
        ]

    @staticmethod
    def verify(
        model: ServableModel,
        forms: Sequence[Form],
        options: "ParityOptions",
    ) -> "ParityReport":
        """See `mlflow_serverless.verify`."""
        from mlflow_serverless.verify import verify  # noqa: PLC0415 - brings onnxruntime

        return verify(model, [form.candidate for form in forms], options=options)

    @staticmethod
    def question(model: ServableModel) -> Question | None:
        """See `mlflow_serverless.pipeline.question`."""
        from mlflow_serverless.pipeline.question import question_of  # noqa: PLC0415 - brings mlflow

        return question_of(model)


def _use(name: str, *, twins: bool) -> str:
    if not twins:
        return "always"
    return "steady" if name == "portable" else "first"
