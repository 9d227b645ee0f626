"""What verification raises on purpose, each before anything is packaged."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_serverless.errors import Kind, ServerlessError

if TYPE_CHECKING:
    from mlflow_serverless.verify.report.values import (
        CandidateReport,
        ParityReport,
        RuntimeReport,
    )


class ParityError(ServerlessError):
    """
    A candidate's answers are not the model's.

    Args:
        report: The whole comparison; it stays at hand as `report`.
    """

    code = "parity-failed"
    kind = Kind.REFUSED

    def __init__(self, report: "ParityReport") -> None:
        self.report = report
        failed = [item for item in report.candidates if not item.passed]
        super().__init__(
            "\n".join(_evidence(item) for item in failed),
            hint="read the parity report; convert differently, serve the native model "
            "(engine=native), or state what you accept: parity.rtol, parity.atol, "
            "parity.max_label_flips.",
        )


def _evidence(item: "CandidateReport") -> str:
    head = f"{item.name}: {item.verdict}"
    worst = item.worst
    if worst is None:
        return head
    return (
        f"{head}; worst in {worst.group!r}, row {worst.row}: the model says "
        f"{worst.native}, the graph {worst.candidate}, for {worst.input}"
    )


class NonDeterministicModelError(ServerlessError):
    """The model was asked the same twice and answered differently."""

    code = "model-not-deterministic"
    kind = Kind.REFUSED

    def __init__(self, *, rows: int, of: int, apart: float) -> None:
        super().__init__(
            f"asked twice with the same {of} rows, the model answered {rows} of them "
            f"differently, by up to {apart:.3g}; no graph can be proved equal to it.",
            hint="fix its random state when it is trained (random_state=0), or call "
            "its deterministic method (predict_fn).",
        )


class ModelFailsOnItsExampleError(ServerlessError):
    """The model cannot answer the input that was logged with it."""

    code = "model-fails-on-example"
    kind = Kind.BAD_INPUT

    def __init__(self, example: Path, reason: str) -> None:
        super().__init__(
            f"the model fails on its own input example ({example.name}): {reason}",
            hint="log it again with an input_example that mlflow.pyfunc can predict.",
        )


class ExampleMismatchError(ServerlessError):
    """The input example does not fit the signature beside it."""

    code = "example-violates-signature"
    kind = Kind.BAD_INPUT

    def __init__(self, example: Path, reason: str) -> None:
        super().__init__(
            f"the input example ({example.name}) violates the signature: {reason}",
            hint="log the model again, with "
            "signature=mlflow.models.infer_signature(input_example, predictions).",
        )


class ModelNotLoadableError(ServerlessError):
    """`mlflow.pyfunc` cannot load the model here."""

    code = "model-not-loadable"
    kind = Kind.UNSUPPORTED

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(
            f"mlflow.pyfunc cannot load {uri}: {reason}",
            hint="install the model's own requirements (its requirements.txt); modules "
            "of your own have to be logged with it: code_paths=[...].",
        )


class DuplicateColumnsError(ServerlessError):
    """Two columns of the signature have one name: no request can tell them apart."""

    code = "duplicate-columns"
    kind = Kind.BAD_INPUT

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"the signature has several columns called {', '.join(map(repr, names))}; "
            "MLflow itself hands the model only one of each name.",
            hint="rename the columns, and train and log the model again.",
        )


class NoSamplesError(ServerlessError):
    """Nothing could be asked: no example, and columns nobody can draw."""

    code = "no-samples"
    kind = Kind.BAD_INPUT

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(
            f"no values can be drawn for {', '.join(columns) or 'this signature'}, and "
            "the model was logged without an input example.",
            hint="log the model with input_example=…, or give rows: parity.data=FILE.",
        )


class NothingComparedError(ServerlessError):
    """The model refused every sample, so nothing was proved."""

    code = "nothing-compared"
    kind = Kind.REFUSED

    def __init__(self, rows: int, reason: str) -> None:
        super().__init__(
            f"the model refused all {rows} rows it was asked: {reason}",
            hint="give rows that it answers: parity.data=FILE (csv, parquet, json).",
        )


class BadSampleFileError(ServerlessError):
    """The user's own sample cannot be read as the signature says."""

    code = "bad-parity-data"
    kind = Kind.BAD_INPUT

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"parity.data {path} cannot be used: {reason}",
            hint="give a csv, parquet or json table with the signature's columns.",
        )


class LiveDiffersError(ServerlessError):
    """
    What is served is not what the model says.

    Args:
        model: Exact URI of the model.
        where: What the deployment is called.
        found: The comparison; it stays at hand as `report`.
    """

    code = "live-differs"
    kind = Kind.REFUSED

    def __init__(self, model: str, where: str, found: "RuntimeReport") -> None:
        self.report = found
        if found.wrong:
            what = f"{found.wrong} of {found.rows} rows differ; {found.first_wrong}"
        else:
            said = found.note or "no reason given"
            what = f"it refused all {found.rows} rows: {said}"
        super().__init__(
            f"{where} does not answer as {model} does: {what}.",
            hint="see which version is served (mlflow-serverless history), and deploy "
            "the one you mean.",
        )
