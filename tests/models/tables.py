"""Small tables that find trouble: rounded, tied, with gaps."""

from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray[Any, Any]

NAMES = ["a b", "x$", "naïve", "d", "e"]


def numbers(rows: int = 250, seed: int = 0, gaps: float = 0.0) -> pd.DataFrame:
    """Five columns rounded to 0.1, so that values sit on split thresholds."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 5)).round(1)
    values[rng.random((rows, 5)) < gaps] = np.nan
    return pd.DataFrame(values, columns=NAMES)


def positive(rows: int = 250, seed: int = 0) -> pd.DataFrame:
    """As `numbers`, above zero."""
    return numbers(rows, seed).abs() + 0.1


def large(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Seconds since 1970 and identifiers: float32 cannot hold them."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "at": (1.7e9 + rng.integers(0, 10**7, rows)).astype(float),
        "id": rng.integers(10**9, 2 * 10**9, rows).astype(float),
        "x": rng.normal(size=rows).round(1),
    })  # fmt: skip


def two_classes(data: pd.DataFrame) -> Array:
    """0 and 1, by the first two columns."""
    values = np.nan_to_num(data.to_numpy(float))
    return (values[:, 0] + values[:, 1] > np.median(values[:, 0])).astype(int)


def three_classes(data: pd.DataFrame) -> Array:
    """Texts, by three columns."""
    values = np.nan_to_num(data.to_numpy(float))
    return np.array(["no", "maybe", "yes"])[two_classes(data) + (values[:, 2] > 0.4)]


def target(data: pd.DataFrame) -> Array:
    """A number, by two columns."""
    values = np.nan_to_num(data.to_numpy(float))
    return np.asarray(values[:, 0] * 2 + values[:, 1] ** 2)


def beside(thresholds: Array, rows: int, columns: int) -> Array:
    """Rows of values exactly at thresholds, and one float32 or float64 step off."""
    at = np.unique(np.asarray(thresholds, float))
    near32 = at.astype(np.float32)
    steps = [
        at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf),
        near32.astype(float), np.nextafter(near32, -np.float32(np.inf)).astype(float),
        np.nextafter(near32, np.float32(np.inf)).astype(float),
    ]  # fmt: skip
    values = np.concatenate(steps)
    return np.random.default_rng(0).choice(values, (rows, columns))
