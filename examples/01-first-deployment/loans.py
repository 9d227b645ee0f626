"""The canonical tabular model: mixed columns, some missing, awkward names, text labels."""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["age", "income (k$)", "debt/income %"]
WORDS = ["home", "purpose #1"]
FLAGS = ["employed?"]


def applications(rows: int, seed: int) -> pd.DataFrame:
    """Loan applications; some incomes, ratios and purposes are missing."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows),
            "income (k$)": rng.lognormal(3.6, 0.6, rows).round(1),
            "debt/income %": rng.uniform(0, 80, rows).round(1),
            "home": rng.choice(["rent", "own", "mortgage"], rows),
            "purpose #1": rng.choice(["car", "house", "école", "other"], rows),
            "employed?": rng.random(rows) < 0.8,
        }
    )
    frame.loc[rng.random(rows) < 0.1, "income (k$)"] = np.nan
    frame.loc[rng.random(rows) < 0.1, "debt/income %"] = np.nan
    frame.loc[rng.random(rows) < 0.1, "purpose #1"] = None
    return frame


def decisions(frame: pd.DataFrame, seed: int) -> np.ndarray:
    """What was decided about each application, in words."""
    rng = np.random.default_rng(seed)
    score = (
        frame["income (k$)"].fillna(30) / 40
        - frame["debt/income %"].fillna(40) / 30
        + frame["employed?"]
        + rng.normal(0, 0.4, len(frame))
    )
    return np.select([score > 1, score > 0], ["approve", "review"], "decline")


def train(trees: int, seed: int) -> tuple[Pipeline, pd.DataFrame]:
    """A fitted pipeline, and the applications it learned from."""
    frame = applications(3000, seed)
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
            (
                "words",
                make_pipeline(
                    SimpleImputer(strategy="constant", fill_value="unknown"),
                    OneHotEncoder(handle_unknown="ignore"),
                ),
                WORDS,
            ),
            ("flags", "passthrough", FLAGS),
        ]
    )
    forest = RandomForestClassifier(trees, max_depth=12, random_state=seed)
    model = Pipeline([("columns", columns), ("forest", forest)])
    return model.fit(frame, decisions(frame, seed)), frame
