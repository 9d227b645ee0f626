"""Rows that find trouble: given, drawn from what the model learnt, and hostile."""

from collections.abc import Sequence
from typing import Any

from lambda_runtime.manifest import Signature
from mlflow_serverless.verify.batch import Batch
from mlflow_serverless.verify.errors import NoSamplesError
from mlflow_serverless.verify.options import ParityOptions
from mlflow_serverless.verify.samples.drawn import EDGES, draw_groups
from mlflow_serverless.verify.samples.given import MisfitError, conform, read_sample
from mlflow_serverless.verify.samples.group import Group
from mlflow_serverless.verify.samples.layout import WIDEST, layout_of
from mlflow_serverless.verify.samples.recover import recover
from mlflow_serverless.verify.samples.shown import completed
from mlflow_serverless.verify.samples.tensors import wide_groups

__all__ = ["Group", "MisfitError", "conform", "samples"]


def samples(
    signature: Signature,
    *,
    estimator: Any,
    example: Batch | None,
    options: ParityOptions,
) -> tuple[Group, ...]:
    """
    All groups of rows to ask the model and its candidates.

    Args:
        signature: What rows look like.
        estimator: The library's own fitted object, to learn ranges and splits from.
        example: The model's input example, conformed; None if it has none.
        options: Budgets, seed, and the user's own file.

    Raises:
        BadSampleFileError: The user's file cannot be used.
        NoSamplesError: There is no example, and columns that cannot be drawn.
    """
    return (*_given(signature, example, options),
            *_made_up(signature, estimator, example, options))  # fmt: skip


def _given(
    signature: Signature, example: Batch | None, options: ParityOptions
) -> list[Group]:
    groups = []
    if example is not None:
        groups.append(
            Group(
                name="example",
                why="the input logged with the model",
                batch=example,
            )
        )
    if options.data is not None:
        batch = read_sample(options.data, signature)
        why = f"the rows of {options.data.name}"
        groups.append(Group(name="yours", why=why, batch=batch))
    return groups


def _made_up(
    signature: Signature,
    estimator: Any,
    example: Batch | None,
    options: ParityOptions,
) -> Sequence[Group]:
    layout = layout_of(signature, example)
    if layout.stuck and example is None:
        raise NoSamplesError(layout.stuck)
    if layout.tensors and len(layout.columns) > WIDEST:
        return tuple(wide_groups(layout.tensors, options))
    known = completed(recover(estimator, layout.names), layout)
    # networks lose and keep NaN as their kernels please once sums overflow
    network = layout.tensors and not hasattr(estimator, "get_params")
    skipped = frozenset({EDGES}) if network else frozenset[str]()
    return draw_groups(layout, known, options, skipped)
