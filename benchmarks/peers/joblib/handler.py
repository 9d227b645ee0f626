"""scikit-learn's own model, unpickled."""

import os

import joblib
import numpy as np

model = joblib.load(os.environ["MODEL"])


def handle(event, context):
    rows = np.asarray(event["inputs"], "f4")
    return {"predictions": model.predict_proba(rows).tolist()}
