"""A second opinion on what the gate let pass.

Shares nothing with the verify room: other rows, its own binding in numpy, its own idea
of equal. The model is asked through `mlflow.pyfunc`, the graph through onnxruntime.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pandas as pd
from numpy.typing import NDArray

from lambda_runtime.manifest import CHECKED, NAN_TEXT, NULL_TEXT
from mlflow_serverless.optimise import Artefact

FLOAT32, SINGLE_INSIDE, FLOAT64 = 1e-4, 1e-6, 1e-9
"""Largest error of a score, relative to it or to the typical one of its batch: as it is
answered in float32, in float64 by way of float32, or in float64 throughout."""

TIE = 1e-9
"""Two best classes closer than this are a tie, and either is right."""

ODD_TEXTS = np.array(["unseen", "", "RED", " red", "ß", "0", "nan"], dtype=object)

Change = Callable[["pd.Series[Any]"], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What came of asking both."""

    rows: int = 0
    refused: int = 0
    """Rows of batches that the model itself would not take."""
    wrong: int = 0
    ties: int = 0
    error: float = 0.0
    """Largest relative error of a score."""
    evidence: str = ""
    """The first wrong row, with both answers."""


def batches(data: Any, seed: int = 4711) -> Iterator[tuple[str, Any]]:
    """Rows like *data*, and rows unlike it, each with a name."""
    frame = pd.DataFrame(data)
    rng = np.random.default_rng(seed)
    for name, made in _frames(frame, rng):
        named = isinstance(data, pd.DataFrame)
        yield name, made if named else made.to_numpy(dtype=data.dtype)


def _frames(
    frame: pd.DataFrame, rng: np.random.Generator
) -> Iterator[tuple[str, pd.DataFrame]]:
    mixed = _shuffled(frame, rng, 200)
    kinds = {name: frame[name].dtype.kind for name in frame.columns}
    yield "mixed", mixed
    yield from _floats(mixed, [n for n, k in kinds.items() if k == "f"], frame, rng)
    yield from _whole(mixed, [n for n, k in kinds.items() if k in "iu"], rng)
    yield from _texts(mixed, [n for n, k in kinds.items() if k == "O"], rng)


def _floats(
    mixed: pd.DataFrame,
    names: list[Any],
    frame: pd.DataFrame,
    rng: np.random.Generator,
) -> Iterator[tuple[str, pd.DataFrame]]:
    if not names:
        return
    changes: dict[str, Change] = {
        "noisy": lambda c: c + rng.normal(0, _spread(c), len(c)),
        "rounded 0": lambda c: c.round(0),
        "rounded 1": lambda c: c.round(1),
        "rounded 2": lambda c: c.round(2),
        "midpoints": lambda c: _midpoints(c, frame, rng),
        "single": lambda c: c.astype(np.float32),
        "nudged": lambda c: np.nextafter(c, np.inf),
        "times 1000": lambda c: c * 1e3,
        "times 1.7e6": lambda c: c * 1.7e6,
        "zero": lambda c: c * 0,
    }
    if frame[names].isna().any(axis=None):
        changes["missing"] = lambda c: c.mask(rng.random(len(c)) < 0.3)
    for name, change in changes.items():
        yield name, _with(mixed, names, change)


def _whole(
    mixed: pd.DataFrame, names: list[Any], rng: np.random.Generator
) -> Iterator[tuple[str, pd.DataFrame]]:
    if names:
        yield "near", _with(mixed, names, lambda c: c + rng.integers(-9, 9, len(c)))
        yield "huge", _with(mixed, names, lambda c: c * 100_003)


def _texts(
    mixed: pd.DataFrame, names: list[Any], rng: np.random.Generator
) -> Iterator[tuple[str, pd.DataFrame]]:
    def odd(column: "pd.Series[Any]") -> Any:
        rows = len(column)
        return np.where(rng.random(rows) < 0.3, rng.choice(ODD_TEXTS, rows), column)

    if names:
        yield "unseen", _with(mixed, names, odd)


def _shuffled(frame: pd.DataFrame, rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """Each column drawn by itself, so that rows are new and values are known."""
    return pd.DataFrame(
        {
            name: frame[name].to_numpy()[rng.integers(0, len(frame), rows)]
            for name in frame.columns
        }
    )


def _with(frame: pd.DataFrame, columns: list[Any], change: Change) -> pd.DataFrame:
    made = frame.copy()
    for name in columns:
        made[name] = pd.Series(np.asarray(change(frame[name]))).astype(
            frame[name].dtype
        )
    return made


def _spread(column: "pd.Series[Any]") -> float:
    return float(np.nan_to_num(np.nanstd(column.to_numpy(dtype=float)))) * 0.5


def _midpoints(
    column: "pd.Series[Any]", frame: pd.DataFrame, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Half way between neighbouring values: where trees split."""
    known = np.unique(frame[column.name].dropna().to_numpy(dtype=float))
    if len(known) < 2:
        return column.to_numpy(dtype=float)
    between = known[:-1] / 2 + known[1:] / 2
    both = np.concatenate([between, between.astype(np.float32).astype(float)])
    return rng.choice(both, len(column))


class Asked:
    """A packed graph, bound by what its conversion says, run by onnxruntime."""

    def __init__(self, artefact: Artefact) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._graph = artefact.graph
        self.limit = _limit(artefact.graph.file)
        self._session = ort.InferenceSession(
            str(artefact.graph.file), options, providers=["CPUExecutionProvider"]
        )

    def answer(self, data: Any) -> Any:
        """An array; or a mapping of arrays, where the model answers with a table."""
        names = [output.name for output in self._session.get_outputs()]
        values = self._session.run(None, self._feeds(data))
        found = dict(zip(names, values, strict=True))
        if CHECKED in found and found[CHECKED].any():
            raise ValueError(f"refused: {self._graph.answer.checks}")
        parts = [
            _decoded(found[field.output], field) for field in self._graph.answer.fields
        ]
        if self._graph.answer.form == "array":
            return parts[0] if len(parts) == 1 else np.column_stack(parts)
        names = [field.name or "" for field in self._graph.answer.fields]
        return dict(zip(names, parts, strict=True))

    def _feeds(self, data: Any) -> dict[str, NDArray[Any]]:
        types = {tensor.name: tensor.dtype for tensor in self._graph.inputs}
        made = {}
        for feed in self._graph.feeds:
            dtype = types[feed.input]
            if not isinstance(data, pd.DataFrame):
                made[feed.input] = np.asarray(data).astype(dtype)
                continue
            places = {str(name): name for name in data.columns}
            columns = [data[places[name]] for name in feed.columns]
            if dtype == "string":
                rows = [[_text(v, feed.null) for v in column] for column in columns]
                made[feed.input] = np.array(rows, dtype=object).T
            else:
                made[feed.input] = np.stack([c.to_numpy(dtype) for c in columns], 1)
        return made


def _limit(file: Path) -> float:
    """What is asked of float64 answers of the graph in *file*."""
    import onnx

    graph = onnx.load(str(file), load_external_data=False).graph
    single = any(
        node.op_type == "Cast" and node.attribute[0].i == onnx.TensorProto.FLOAT
        for node in graph.node
    )
    return SINGLE_INSIDE if single else FLOAT64


def _text(value: Any, null: str) -> str:
    if value is None:
        return null or NULL_TEXT
    if isinstance(value, float) and np.isnan(value):
        return NAN_TEXT
    return str(value)


def _decoded(values: NDArray[Any], field: Any) -> NDArray[Any]:
    if field.column is not None:
        values = values[:, field.column]
    if field.labels:
        return np.array(
            [field.labels[i] for i in values.ravel()], dtype=object
        ).reshape(values.shape)
    return values


def opinion(
    folder: Path, artefacts: tuple[Artefact, ...], data: Any, extra: Any = None
) -> Opinion:
    """
    Ask the model in *folder* and its *artefacts* the same rows, and compare.

    Args:
        folder: Where MLflow saved the model.
        artefacts: What would be packed.
        data: The training rows, from which the rows to ask are made.
        extra: Further batches, from the training rows.
    """
    import mlflow.pyfunc

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        native = mlflow.pyfunc.load_model(str(folder))
        graphs = [(item.variant.name, Asked(item)) for item in artefacts]
        found = Opinion()
        asked = list(batches(data))
        if extra is not None:
            asked += [("extra", batch) for batch in extra(data)]
        for name, batch in asked:
            found = _merged(found, _one(native, graphs, name, batch))
    return found


def _one(
    native: Any, graphs: list[tuple[str, Asked]], name: str, batch: Any
) -> Opinion:
    try:
        said = native.predict(batch)
    except Exception:  # noqa: BLE001 - a model may refuse what it was not trained for
        return Opinion(refused=len(batch))
    found = Opinion(rows=len(batch))
    for variant, graph in graphs:
        try:
            answer = graph.answer(batch)
        except Exception as cause:  # noqa: BLE001 - a graph must take what the model takes
            why = f"{variant}, {name}: {type(cause).__name__}: {str(cause)[:150]}"
            return Opinion(rows=len(batch), wrong=len(batch), evidence=why)
        compared = compare(
            _plain(said), _plain(answer), batch, native=native, limit=graph.limit
        )
        if compared.wrong:
            where = f"{variant}, {name}: {compared.evidence}"
            compared = Opinion(
                wrong=compared.wrong, ties=compared.ties,
                error=compared.error, evidence=where,
            )  # fmt: skip
        found = _merged(found, compared)
    return found


def _merged(one: Opinion, two: Opinion) -> Opinion:
    return Opinion(
        rows=one.rows + two.rows,
        refused=one.refused + two.refused,
        wrong=one.wrong + two.wrong,
        ties=one.ties + two.ties,
        error=max(one.error, two.error),
        evidence=one.evidence or two.evidence,
    )


def _plain(answer: Any) -> NDArray[Any]:
    """One matrix or vector of numbers or objects."""
    if isinstance(answer, pd.DataFrame | pd.Series):
        answer = answer.to_numpy()
    elif isinstance(answer, Mapping):
        answer = np.column_stack([np.asarray(v) for v in answer.values()])
    elif hasattr(answer, "toarray"):
        answer = answer.toarray()
    return np.asarray(answer)


def compare(
    said: NDArray[Any],
    answer: NDArray[Any],
    batch: Any,
    *,
    native: Any = None,
    limit: float = FLOAT64,
) -> Opinion:
    """*answer* against what the model *said*."""
    if said.ndim == 2 and answer.ndim == 1 and said.shape[1] == 1:
        said = said[:, 0]
    if said.shape != answer.shape:
        why = f"shape {answer.shape} for {said.shape}"
        return Opinion(wrong=len(said), evidence=why)
    if said.dtype.kind != "f" or answer.dtype.kind != "f":
        return _labels(said, answer, batch, native)
    if np.float32 in {said.dtype.type, answer.dtype.type}:
        limit = FLOAT32
    return _scores(said, answer, batch, limit)


def _labels(
    said: NDArray[Any], answer: NDArray[Any], batch: Any, native: Any
) -> Opinion:
    if (said.dtype.kind in "OUS") != (answer.dtype.kind in "OUS"):
        said, answer = said.astype(object), answer.astype(object)
    differ = said != answer
    rows = np.flatnonzero(differ.reshape(len(said), -1).any(axis=1))
    if not len(rows):
        return Opinion()
    tied = _tied(native, batch, rows)
    wrong = rows[~tied]
    return Opinion(
        wrong=len(wrong),
        ties=int(tied.sum()),
        evidence=_evidence(batch, wrong[0], said, answer) if len(wrong) else "",
    )


def _tied(native: Any, batch: Any, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether the model's own scores put its two best classes level."""
    try:
        model = native.get_raw_model()
        part = batch.iloc[rows] if isinstance(batch, pd.DataFrame) else batch[rows]
        method = "decision_function"
        if not hasattr(model, method):
            method = "predict_proba"
        scores = np.asarray(getattr(model, method)(part), dtype=float)
    except Exception:  # noqa: BLE001 - it has no scores to say so
        return np.zeros(len(rows), dtype=bool)
    if scores.ndim == 1:
        return np.abs(scores) <= TIE
    best = np.sort(scores, axis=1)[:, -2:]
    return np.asarray(
        best[:, 1] - best[:, 0] <= TIE * np.maximum(1, np.abs(best[:, 1]))
    )


def _scores(
    said: NDArray[Any], answer: NDArray[Any], batch: Any, limit: float
) -> Opinion:
    said, answer = said.astype(float), answer.astype(float)
    same = (said == answer) | (np.isnan(said) & np.isnan(answer))
    finite = np.abs(said[np.isfinite(said)])
    typical = float(np.median(finite)) if finite.size else 0.0
    size = np.maximum(np.maximum(np.abs(said), np.abs(answer)), typical)
    with np.errstate(invalid="ignore", over="ignore"):
        off = np.abs(said - answer) / np.where(size == 0, 1, size)
    error = np.where(same, 0.0, np.where(np.isnan(off), np.inf, off))
    rows = np.flatnonzero((error > limit).reshape(len(said), -1).any(axis=1))
    return Opinion(
        wrong=len(rows),
        error=float(error.max(initial=0.0)),
        evidence=_evidence(batch, rows[0], said, answer) if len(rows) else "",
    )


def _evidence(
    batch: Any, row: np.intp, said: NDArray[Any], answer: NDArray[Any]
) -> str:
    values = (
        batch.iloc[row].to_dict() if isinstance(batch, pd.DataFrame) else batch[row]
    )
    return f"{said[row]!r} became {answer[row]!r} for {values}"[:600]
