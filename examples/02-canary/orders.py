"""Orders to be looked at for fraud, and models that decide: one good, three not quite."""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["amount", "age_days"]
WORDS = ["channel"]


def orders(rows: int, seed: int) -> pd.DataFrame:
    """Orders; of one in ten the channel is not known, or the account's age is odd."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "amount": rng.lognormal(4, 1, rows).round(2),
            "age_days": rng.integers(0, 2000, rows).astype(float),
            "channel": rng.choice(["web", "app", "phone"], rows),
        }
    )
    frame.loc[rng.random(rows) < 0.1, "channel"] = None
    frame.loc[rng.random(rows) < 0.1, "age_days"] += 0.5
    return frame


def decisions(frame: pd.DataFrame) -> np.ndarray:
    """What was decided, in words: most pass, some are reviewed, some are blocked."""
    risk = frame["amount"] / 60 - frame["age_days"] / 500 + (frame["channel"] == "web")
    return np.select([risk > 3, risk > 0.5], ["block", "review"], "pass")


def features() -> ColumnTransformer:
    """Numbers scaled, words as columns, what is missing filled in."""
    known = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="unknown"),
        OneHotEncoder(handle_unknown="ignore"),
    )
    return ColumnTransformer(
        [("numbers", StandardScaler(), NUMBERS), ("words", known, WORDS)]
    )


def served() -> tuple[Pipeline, pd.DataFrame]:
    """Version 1: what serves today."""
    return _fitted(LogisticRegression(max_iter=500), orders(3000, seed=1))


def good() -> tuple[Pipeline, pd.DataFrame]:
    """Version 2: the same, with a little less regularisation."""
    return _fitted(LogisticRegression(C=1.1, max_iter=500), orders(3000, seed=1))


def slow() -> tuple[Pipeline, pd.DataFrame]:
    """Version 3: an ensemble whose second member changes nothing but the time."""
    network = MLPClassifier((1500, 1500), max_iter=1, random_state=0)
    plain = LogisticRegression(max_iter=500)
    members = [("plain", plain), ("network", network)]
    both = VotingClassifier(members, voting="soft", weights=[1, 1e-6])
    return _fitted(both, orders(3000, seed=1))


def blind() -> tuple[Pipeline, pd.DataFrame]:
    """Version 4: a class got lost in its training data; nothing is reviewed."""
    frame = orders(3000, seed=1)
    said = np.where(decisions(frame) == "review", "pass", decisions(frame))
    return _fitted(LogisticRegression(max_iter=500), frame, said)


def strict() -> tuple[Pipeline, pd.DataFrame]:
    """Version 5: learned that ages are whole days, and refuses the one in ten left."""
    frame = orders(3000, seed=1).astype({"age_days": "int64"})
    return _fitted(LogisticRegression(max_iter=500), frame)


def _fitted(
    estimator: object, frame: pd.DataFrame, said: np.ndarray | None = None
) -> tuple[Pipeline, pd.DataFrame]:
    model = Pipeline([("features", features()), ("model", estimator)])
    return model.fit(frame, decisions(frame) if said is None else said), frame
