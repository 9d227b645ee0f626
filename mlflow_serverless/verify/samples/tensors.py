"""Tensors too wide to be drawn an element at a time: images, embeddings, texts."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambda_runtime.manifest import Tensor
from mlflow_serverless.verify.options import ParityOptions
from mlflow_serverless.verify.samples.group import Group

Fill = Callable[[tuple[int, ...], np.random.Generator], NDArray[Any]]

BUDGET = 8_000_000
"""Elements of one group, over all tensors."""

KINDS: tuple[tuple[str, str, Fill], ...] = (
    ("drawn", "a plain bell", lambda shape, rng: rng.normal(size=shape)),
    ("zeros", "nothing at all", lambda shape, _: np.zeros(shape)),
    ("bytes", "0 to 255, as pixels", lambda shape, rng: rng.integers(0, 256, shape)),
    ("rounded", "tenths", lambda shape, rng: rng.normal(size=shape).round(1)),
    ("large", "a thousand times", lambda shape, rng: 1e3 * rng.normal(size=shape)),
)


def wide_groups(tensors: tuple[Tensor, ...], options: ParityOptions) -> Iterator[Group]:
    """Groups of whole tensors; fewer rows the wider they are."""
    width = sum(int(np.prod([d or 1 for d in t.shape[1:]])) for t in tensors)
    rows = int(np.clip(BUDGET // max(width, 1), 2, options.samples))
    for name, why, fill in KINDS:
        rng = np.random.default_rng([options.seed, zlib.crc32(name.encode())])
        few = rows if name == "drawn" else min(rows, 16)
        yield Group(name=name, why=why, batch=_fill(tensors, few, fill, rng))
    rng = np.random.default_rng([options.seed, zlib.crc32(b"one row")])
    yield Group(
        name="one row",
        why="rows asked one at a time",
        batch=_fill(tensors, 3, KINDS[0][2], rng),
        chunk=1,
    )


def _fill(
    tensors: tuple[Tensor, ...], rows: int, fill: Fill, rng: np.random.Generator
) -> dict[str, NDArray[Any]]:
    return {
        t.name: fill((rows, *(int(d or 1) for d in t.shape[1:])), rng).astype(t.dtype)
        for t in tensors
    }
