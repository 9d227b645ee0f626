"""Requests like those that parity is proved with, as callers would post them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.model import ServableModel
from mlflow_serverless.verify import ParityOptions
from mlflow_serverless.verify.batch import Batch, as_requested, rows_of, take
from mlflow_serverless.verify.posted import payload
from mlflow_serverless.verify.samples import Group, MisfitError, conform, samples

MOST_BYTES = 1024 * 1024
"""Of one request: memory grows with a request, and callers' are rarely larger."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    body: bytes
    rows: int


def requests_for(
    model: ServableModel, options: ParityOptions, example: bytes | None,
    most_bytes: int = MOST_BYTES,
) -> Iterator[Asked]:  # fmt: skip
    """
    The model's own example, then the rows of every group that verification draws.

    Args:
        model: Whose signature they follow.
        options: Budgets, seed, and the user's own file, as for the proof.
        example: A request with the model's example; None if it brings none.
        most_bytes: Of one request; groups with more give their first rows.
    """
    if example is not None:
        yield Asked(example, 0)
    for group in _groups(model, options):
        batch = as_requested(group.batch, one_by_one=group.chunk == 1)
        if rows_of(batch):
            yield _fitted(batch, most_bytes)


def _groups(model: ServableModel, options: ParityOptions) -> tuple[Group, ...]:
    """
    Drawn without the estimator: what it has learnt moves values, not sizes.

    None where the signature does not say enough to draw any.
    """
    few = replace(options, samples=min(options.samples, 2_000), boundary_rows=1)
    try:
        return samples(
            model.signature, estimator=None, example=_example(model), options=few
        )
    except (ServerlessError, MisfitError):
        return ()


def _example(model: ServableModel) -> Batch | None:
    if model.example is None:
        return None
    from mlflow.models import Model  # noqa: PLC0415 - heavy, and often not needed

    with suppress(Exception):  # verification has said what is wrong with it
        data = Model.load(str(model.folder)).load_input_example(str(model.folder))
        return conform(data, model.signature)
    return None


def _fitted(batch: Batch, most_bytes: int) -> Asked:
    """As many of its first rows as go into *most_bytes*, and one at least."""
    rows = rows_of(batch)
    while True:
        body = payload(take(batch, np.arange(rows)))
        if len(body) <= most_bytes or rows == 1:
            return Asked(body, rows)
        rows = max(min(rows * most_bytes // len(body), rows - 1), 1)
