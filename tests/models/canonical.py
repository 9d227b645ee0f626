"""The canonical case: a mixed DataFrame, a ColumnTransformer, string labels."""

from typing import Any

import numpy as np
import pandas as pd


def customers(rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """Int, float, text and boolean columns, some missing, with names as in life."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(10, 1, rows).round(1)
    income[rng.random(rows) < 0.1] = np.nan
    city = rng.choice(["Wien", "São Paulo", "", "北京", "o'Hara"], rows).astype(object)
    city[rng.random(rows) < 0.1] = np.nan
    return pd.DataFrame({
        "age (years)": rng.integers(18, 90, rows),
        "income $": income,
        "city/town": city,
        "plan": rng.choice(["basic", "plus", "pro"], rows),
        "is active?": rng.random(rows) < 0.5,
        "balance": (rng.normal(0, 50, rows)).round(1),
    })  # fmt: skip


def churn(data: pd.DataFrame, seed: int = 0) -> np.ndarray[Any, Any]:
    """Text labels that depend on every column, with noise."""
    rng = np.random.default_rng(seed)
    score = (
        (data["age (years)"] > 50).astype(float)
        + (data["income $"].fillna(0) > 20000)
        + (data["plan"] == "pro")
        - data["is active?"]
        + data["balance"] / 50
        + rng.normal(0, 0.7, len(data))
    )
    return np.where(score > 1.5, "leaves", np.where(score > 0, "stays", "unsure?"))


def preprocessing() -> Any:
    """Impute and scale numbers, impute and one-hot encode texts, pass booleans on."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    texts = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="ignore"),
    )
    return ColumnTransformer([
        ("numbers", numbers, ["age (years)", "income $", "balance"]),
        ("texts", texts, ["city/town", "plan"]),
        ("flags", "passthrough", ["is active?"]),
    ])  # fmt: skip


def pipeline(final: Any = None, rows: int = 600) -> tuple[Any, pd.DataFrame]:
    """A fitted churn classifier and the data it was fitted on."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    data = customers(rows)
    model = Pipeline([
        ("prepare", preprocessing()),
        ("classify", LogisticRegression(max_iter=500) if final is None else final),
    ])  # fmt: skip
    return model.fit(data, churn(data)), data
