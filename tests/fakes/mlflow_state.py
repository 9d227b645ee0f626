"""Where MLflow looks, which it keeps for the whole process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLES = ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID")


@contextmanager
def pointing_at(uri: str) -> Iterator[None]:
    """Have MLflow ask *uri*, this process and its children; then as it was.

    The active experiment is of a store: another store does not know it.
    """
    import mlflow
    from mlflow.tracking import fluent

    address = mlflow.tracking._tracking_service.utils._tracking_uri
    experiment = fluent._active_experiment_id
    variables = {name: os.environ.get(name) for name in _VARIABLES}
    fluent._active_experiment_id = None
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    try:
        mlflow.set_tracking_uri(uri)
        yield
    finally:
        mlflow.set_tracking_uri(address)
        fluent._active_experiment_id = experiment
        for name, value in variables.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
