"""Small training data, the same on every run."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROWS = 240
NAMES = ("a", "b", "c", "d", "e")


def numbers(seed: int = 0, rows: int = ROWS) -> pd.DataFrame:
    """Five float columns of different scales, two of them rounded."""
    rng = np.random.default_rng(seed)
    made = rng.normal(size=(rows, 5)) * [1, 3, 1, 0.5, 2] + [0, 1, -1, 0, 2]
    made[:, 1] = made[:, 1].round(1)
    made[:, 4] = made[:, 4].round(0)
    return pd.DataFrame(made, columns=list(NAMES))


def column() -> pd.DataFrame:
    """One float column."""
    return numbers()[["a"]]


def holed() -> pd.DataFrame:
    """As `numbers`, an eighth of it missing."""
    return gaps(numbers())


def positive(seed: int = 0, rows: int = ROWS) -> pd.DataFrame:
    """As `numbers`, none below zero."""
    return numbers(seed, rows).abs()


def counts(seed: int = 0, rows: int = ROWS) -> pd.DataFrame:
    """Small whole numbers."""
    rng = np.random.default_rng(seed)
    made = rng.integers(0, 4, size=(rows, 5))
    return pd.DataFrame(made, columns=list(NAMES))


def gaps(data: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """*data* with an eighth of it missing."""
    holes = np.random.default_rng(seed).random(data.shape) < 0.125
    return data.astype(float).mask(holes)


def score(data: pd.DataFrame, seed: int = 0) -> NDArray[np.float64]:
    """What labels and targets are made of."""
    rng = np.random.default_rng(seed + 1)
    whole = data.fillna(0).to_numpy(dtype=float)
    centred = (whole - whole.mean(axis=0)) / (whole.std(axis=0) + 1e-9)
    bent = centred @ [1.0, -0.7, 0.4, 0.9, 0.2] + 0.5 * centred[:, 0] * centred[:, 1]
    return np.asarray(bent + rng.normal(0, 0.3, len(data)))


def three(data: pd.DataFrame) -> NDArray[np.int64]:
    """Three classes, numbered 0, 1, 2."""
    return np.digitize(score(data), [-0.6, 0.6])


def two(data: pd.DataFrame) -> NDArray[Any]:
    """Two classes with text names."""
    return np.where(score(data) > 0, "yes", "no").astype(object)


def truth(data: pd.DataFrame) -> NDArray[np.bool_]:
    """Two classes, booleans."""
    return score(data) > 0


def pairs(data: pd.DataFrame) -> NDArray[np.int64]:
    """Two label columns."""
    return np.column_stack([score(data) > 0, score(data, 9) > 0.3]).astype(np.int64)


def targets(data: pd.DataFrame) -> NDArray[np.float64]:
    """Two target columns."""
    return np.column_stack([score(data), score(data, 9) * 100])


def amount(data: pd.DataFrame) -> NDArray[np.float64]:
    """A target above zero."""
    return np.exp(score(data) / 2)


def texts(seed: int = 0, rows: int = ROWS) -> pd.DataFrame:
    """One column of short sentences."""
    rng = np.random.default_rng(seed)
    words = ["red", "Green", "blue", "the", "sky", "is", "naïve", "über", "x1", "it's"]
    made = [" ".join(rng.choice(words, rng.integers(1, 7))) for _ in range(rows)]
    return pd.DataFrame({"text": np.array(made, dtype=object)})


def word_score(data: pd.DataFrame) -> NDArray[np.int64]:
    """A label that the words decide."""
    return data["text"].str.contains("red").astype(np.int64).to_numpy()


def words(seed: int = 0, rows: int = ROWS) -> pd.DataFrame:
    """Three columns of categories."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "colour": rng.choice(["red", "green", "blue"], rows).astype(object),
        "size": rng.choice(["S", "M", "L", "XL"], rows).astype(object),
        "city": rng.choice(["Wien", "São Paulo", "北京", ""], rows).astype(object),
    })  # fmt: skip


def spelled(data: pd.DataFrame) -> NDArray[np.float64]:
    """A target that categories decide."""
    lengths = sum(data[name].str.len() for name in data.columns)
    return np.asarray(lengths + np.random.default_rng(3).normal(0, 0.5, len(data)))
