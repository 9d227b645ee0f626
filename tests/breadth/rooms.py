"""One row through the real rooms: save, resolve, convert, optimise, verify; again."""

import hashlib
import logging
import tempfile
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlflow_serverless.convert import Conversion, convert
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.model import ServableModel
from mlflow_serverless.native import make as make_native
from mlflow_serverless.optimise import Artefact, optimise
from mlflow_serverless.pipeline.rooms import candidate_of
from mlflow_serverless.resolve import resolve
from mlflow_serverless.verify import ParityOptions, verify
from tests.breadth.case import Case, Trained
from tests.breadth.independent import opinion
from tests.breadth.kept import Kept
from tests.breadth.row import Row

OPTIONS = ParityOptions(samples=120, boundary_rows=400, runtime_rows=20)
"""A gate that is as strict as any, on fewer rows: there are hundreds of models."""


@dataclass(frozen=True, slots=True)
class _Graphs:
    folder: Path
    conversion: Conversion
    artefacts: tuple[Artefact, ...]
    trained: Trained


@dataclass(frozen=True, slots=True)
class _How:
    kept: Kept
    engine: str


def rows_of(case: Case, kept: Kept, *, engine: str = "auto") -> list[Row]:
    """
    The rows of *case*, one for each of its methods; never an exception.

    Args:
        case: What to train and ask.
        kept: Rows that need not be made again.
        engine: `auto`, or `onnx` to leave out the proof of what serves natively.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            trained = case.train()
        except Exception as cause:  # noqa: BLE001 - whatever the library says
            why = brief(cause)
            return [Row.of(case, m, "untrainable", why=why) for m in case.methods]
        how = _How(kept, engine)
        return [_row(case, method, trained, how) for method in case.methods]


def _row(case: Case, method: str, trained: Trained, how: _How) -> Row:
    if method != "predict" and not hasattr(trained.model, method):
        return Row.of(case, method, "untrainable", why=f"it has no {method}")
    with tempfile.TemporaryDirectory(prefix="breadth-") as scratch:
        try:
            return _walked(case, method, trained, how, Path(scratch))
        except Exception as cause:  # noqa: BLE001 - ours, and to be mended
            last = traceback.extract_tb(cause.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            return Row.of(case, method, "bug", why=f"{brief(cause)} ({where})")


def _walked(case: Case, method: str, trained: Trained, how: _How, scratch: Path) -> Row:
    folder = scratch / "saved"
    try:
        save(trained, method, folder)
    except Exception as cause:  # noqa: BLE001 - MLflow or the library itself
        return Row.of(
            case, method, "untrainable", why=f"cannot be saved: {brief(cause)}"
        )
    try:
        model = resolve(str(folder), downloads=scratch / "downloads")
    except ServerlessError as refusal:
        return Row.of(case, method, "refused", why=reason(refusal))
    found = _through_onnx(case, method, model, how.kept, (trained, folder, scratch))
    if found.verdict != "refused" or how.engine == "onnx":
        return found
    return how.kept.row(
        _fingerprint(case, method, found.why), lambda: _native(found, model, scratch)
    )


def _through_onnx(
    case: Case,
    method: str,
    model: ServableModel,
    kept: Kept,
    place: tuple[Trained, Path, Path],
) -> Row:
    trained, folder, scratch = place
    try:
        conversion = convert(model, _made(scratch / "converted"))
        artefacts = optimise(conversion, _made(scratch / "optimised"))
    except ServerlessError as refusal:
        return Row.of(case, method, "refused", why=reason(refusal))
    graphs = _Graphs(folder, conversion, artefacts, trained)
    whole = _fingerprint(case, method, *map(_content, artefacts))
    return kept.row(whole, lambda: _judged(case, method, model, graphs))


def _judged(case: Case, method: str, model: ServableModel, graphs: _Graphs) -> Row:
    recipes = graphs.conversion.report.recipes
    proved = [candidate_of(item) for item in graphs.artefacts]
    try:
        report = verify(model, proved, options=OPTIONS)
    except ServerlessError as refusal:
        return Row.of(case, method, "refused", why=reason(refusal), recipes=recipes)
    second = opinion(graphs.folder, graphs.artefacts, graphs.trained.data, case.extra)
    return Row.of(
        case,
        method,
        "exact" if not second.wrong else "silently wrong",
        why=second.evidence,
        recipes=recipes,
        rows=report.rows,
        error=max(c.max_abs for c in report.candidates),
        ties=sum(c.ties for c in report.candidates) + second.ties,
        other_rows=second.rows,
        other_error=second.error,
        other_wrong=second.wrong,
    )


def _native(refused: Row, model: ServableModel, scratch: Path) -> Row:
    """*refused*, or `native` if the model's own library serves it as it answers."""
    folder = _made(scratch / "native")
    try:
        made = make_native(model, folder, why=refused.why, options=OPTIONS)
    except ServerlessError as refusal:
        return replace(refused, why=f"{refused.why}; native: {reason(refusal)}")
    return replace(refused, verdict="native", rows=made.report.rows)


def save(trained: Trained, method: str, folder: Path) -> None:
    """As MLflow saves it, with a signature and no look at what is installed."""
    import mlflow
    from mlflow.models import infer_signature

    logging.getLogger("mlflow").setLevel(logging.CRITICAL)
    common: dict[str, Any] = {
        "signature": infer_signature(trained.data),
        "pip_requirements": ["mlflow"],
    }
    savers: dict[str, Callable[[], None]] = {
        "sklearn": lambda: mlflow.sklearn.save_model(
            trained.model, folder, serialization_format="cloudpickle",
            pyfunc_predict_fn=method, **common,
        ),
        "xgboost": lambda: mlflow.xgboost.save_model(trained.model, folder, **common),
        "lightgbm": lambda: mlflow.lightgbm.save_model(
            trained.model, folder, **common, **_lightgbm_format(trained.model)
        ),
    }  # fmt: skip
    savers[trained.flavor]()


def _lightgbm_format(model: Any) -> dict[str, str]:
    sklearn_api = hasattr(model, "get_params")
    return {"serialization_format": "cloudpickle"} if sklearn_api else {}


def reason(refusal: ServerlessError) -> str:
    """Its code and what happened, in a line."""
    return f"{refusal.code}: {' '.join(refusal.message.split())}"[:400]


def brief(cause: BaseException) -> str:
    """An exception in a line."""
    return " ".join(f"{type(cause).__name__}: {cause}".split())[:240]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _fingerprint(case: Case, method: str, *parts: str) -> str:
    whole = "\n".join((case.group, case.name, method, repr(OPTIONS), *parts))
    return hashlib.sha256(whole.encode()).hexdigest()


def _content(artefact: Artefact) -> str:
    """Names what an artefact computes, and how it is bound."""
    graph = artefact.graph
    whole = hashlib.sha256()
    for file in artefact.files:
        whole.update(file.read_bytes())
    whole.update(
        repr((graph.inputs, graph.outputs, graph.feeds, graph.answer)).encode()
    )
    return whole.hexdigest()
