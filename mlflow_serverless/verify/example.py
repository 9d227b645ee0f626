"""The model's own example: does it fit, is it answered, is it answered again?"""

from typing import Any

import numpy as np

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.model import Example, ServableModel
from mlflow_serverless.verify.batch import Batch, rows_of
from mlflow_serverless.verify.errors import (
    ExampleMismatchError,
    ModelFailsOnItsExampleError,
    NonDeterministicModelError,
)
from mlflow_serverless.verify.native import (
    PyfuncReference,
    Reference,
    Refusal,
    brief,
    quiet,
)
from mlflow_serverless.verify.outputs import Outputs, kind_of
from mlflow_serverless.verify.parity import differing_rows
from mlflow_serverless.verify.precision import EPS32, magnitude
from mlflow_serverless.verify.samples import MisfitError, conform
from mlflow_serverless.verify.scores import absolute_error

NOISE = 64 * EPS32
"""Threads that add in another order may move a score by this much, relative."""


def check_example(model: ServableModel, reference: PyfuncReference) -> Batch | None:
    """
    The model's input example in its signature's dtypes; None if it has none.

    Raises:
        ExampleMismatchError: It does not fit the signature.
        ModelFailsOnItsExampleError: The model cannot answer it.
    """
    if model.example is None:
        return None
    try:
        data = _read(model)
    except Exception as cause:
        raise _explained(model.example, cause) from cause
    try:
        batch = conform(data, model.signature)
    except MisfitError as cause:
        raise ExampleMismatchError(model.example.file, str(cause)) from cause
    try:
        reference.predict_raw(data)
    except Exception as cause:
        raise _explained(model.example, cause) from cause
    return batch


def _read(model: ServableModel) -> Any:
    from mlflow.models import Model  # noqa: PLC0415 - heavy, only when verifying

    with quiet():
        return Model.load(str(model.folder)).load_input_example(str(model.folder))


def _explained(example: Example, cause: Exception) -> ServerlessError:
    """Whether MLflow's schema enforcement said no, or the model itself."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    text = str(cause).lower()
    if isinstance(cause, MlflowException) and ("schema" in text or "signature" in text):
        return ExampleMismatchError(example.file, brief(cause))
    return ModelFailsOnItsExampleError(example.file, brief(cause))


def check_repeats(reference: Reference, batch: Batch) -> float:
    """
    Ask twice; the largest relative difference between the two answers.

    Raises:
        NonDeterministicModelError: Labels, or more than rounding, differ.
    """
    first, second = reference.predict(batch), reference.predict(batch)
    if isinstance(first, Refusal) or isinstance(second, Refusal):
        return 0.0
    moved = differing_rows(first, second, frozenset())
    apart = _apart(first, second)
    scale = magnitude(first)
    rows = set(moved.tolist()) | set(np.flatnonzero(apart > NOISE * scale).tolist())
    if rows:
        raise NonDeterministicModelError(
            rows=len(rows), of=rows_of(batch), apart=float(apart.max(initial=0.0))
        )
    return float(apart.max(initial=0.0)) / scale


def _apart(first: Outputs, second: Outputs) -> Any:
    """The largest score difference of each row."""
    apart = np.zeros(first.rows)
    for name, array in first.arrays.items():
        other = second.arrays.get(name)
        if kind_of(array) != "score" or other is None or other.shape != array.shape:
            continue
        error = absolute_error(array.astype(float), other.astype(float))
        if array.ndim:
            apart = np.maximum(apart, error.reshape(len(array), -1).max(axis=1))
    return apart
