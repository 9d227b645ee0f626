"""An MLflow store in a sqlite file, with small models under every kind of reference."""

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.fakes.mlflow_state import pointing_at

EXPERIMENT = "it"


@dataclass(frozen=True, slots=True)
class Shop:
    """What is in the store."""

    uri: str
    folder: Path
    logged: tuple[str, ...]
    """Ids of the versions of `fraud`, oldest first."""
    run_id: str
    """Has a model named `model`, which is version 2 of `fraud`."""
    saved: Path
    """A folder with a model that is in no store."""
    blank: str
    """URI of a model without a signature."""


def open_shop(folder: Path) -> Shop:
    """Fill a store in *folder*."""
    import mlflow

    uri = f"sqlite:///{folder}/mlflow.db"
    with pointing_at(uri), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.create_experiment(EXPERIMENT, str(folder / "artifacts"))
        mlflow.set_experiment(EXPERIMENT)
        return _filled(uri, folder)


def copy_of(shop: Shop, folder: Path) -> Shop:
    """The same, with tags and aliases of its own; what was logged is shared."""
    shutil.copyfile(shop.uri.removeprefix("sqlite:///"), folder / "mlflow.db")
    return replace(shop, uri=f"sqlite:///{folder}/mlflow.db")


@contextmanager
def in_shop(shop: Shop) -> Iterator[None]:
    """Have MLflow look, and log, there."""
    import mlflow

    with pointing_at(shop.uri), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.set_experiment(EXPERIMENT)
        yield


def untagged() -> None:
    """Take every tag off the versions of `fraud`: the store is other tests', too."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient()
    for number in ("1", "2"):
        for key in client.get_model_version("fraud", number).tags:
            client.delete_model_version_tag("fraud", number, key)


def _filled(uri: str, folder: Path) -> Shop:
    import mlflow
    from mlflow.tracking import MlflowClient

    first = log(small(0), name="fraud")
    with mlflow.start_run() as run:
        second = log(small(1), name="fraud")
    client = MlflowClient()
    client.set_registered_model_alias("fraud", "champion", "1")
    client.set_registered_model_alias("fraud", "challenger", "2")
    client.transition_model_version_stage("fraud", "2", "Production")
    client.create_registered_model("empty")
    saved = folder / "saved"
    mlflow.sklearn.save_model(
        small(0), saved, input_example=table(), pip_requirements=["scikit-learn"]
    )
    blank = mlflow.sklearn.log_model(
        small(0), name="blank", pip_requirements=["scikit-learn"]
    )
    return Shop(
        uri=uri,
        folder=folder,
        logged=(first.model_id, second.model_id),
        run_id=run.info.run_id,
        saved=saved,
        blank=blank.model_uri,
    )


def log(
    model: Any, *, name: str | None = None, example: Any = None, **more: Any
) -> Any:
    """Log and, if *name* is given, register; without looking for requirements."""
    import mlflow

    return mlflow.sklearn.log_model(
        model,
        name="model",
        input_example=table() if example is None else example,
        registered_model_name=name,
        pip_requirements=["scikit-learn"],
        **more,
    )


def table() -> Any:
    """Two columns, one with a space in its name."""
    import pandas as pd

    return pd.DataFrame({"lead time": [1.0, 2.0, 3.0], "n": [1.0, 5.0, 2.0]})


def small(seed: int) -> Any:
    """A classifier that trains in a millisecond."""
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(rng.normal(size=(60, 2)), columns=["lead time", "n"])
    labels = np.where(rows["n"] + rows["lead time"] > 0, "bad", "good")
    return LogisticRegression().fit(rows, labels)
