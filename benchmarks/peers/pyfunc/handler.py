"""MLflow's own way: load_model and predict."""

import os

import mlflow.pyfunc
import numpy as np

model = mlflow.pyfunc.load_model(os.environ["MODEL"])


def handle(event, context):
    rows = np.asarray(event["inputs"], "f4")
    return {"predictions": np.asarray(model.predict(rows)).tolist()}
