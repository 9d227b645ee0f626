"""The reference: the model's own pyfunc, loaded once and asked."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlflow_serverless.model import ServableModel
from mlflow_serverless.verify.batch import Batch, native_form
from mlflow_serverless.verify.errors import ModelNotLoadableError
from mlflow_serverless.verify.margins import margins_of
from mlflow_serverless.verify.outputs import Outputs, normalise


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model would not answer."""

    reason: str


class Reference(Protocol):
    """What answers are compared with."""

    def predict(self, batch: Batch) -> Outputs | Refusal:
        """The model's own answer, or why there is none."""
        ...

    def margins(
        self, batch: Batch, said: NDArray[Any], given: NDArray[Any]
    ) -> NDArray[np.float64] | None:
        """How far each label *said* was from the one *given*; None if nobody knows."""
        ...


class PyfuncReference:
    """A model loaded through `mlflow.pyfunc`."""

    def __init__(self, loaded: Any, estimator: Any, predict_fn: str) -> None:
        self._loaded = loaded
        self.predict_fn = predict_fn
        self.estimator = estimator
        """The library's own object; None where pyfunc does not hand it out."""

    def predict(self, batch: Batch) -> Outputs | Refusal:
        """The pyfunc's answer: schema, `predict_fn`, post-processing included."""
        try:
            return self.predict_raw(native_form(batch))
        except Exception as cause:  # noqa: BLE001 - a model may raise anything
            return Refusal(brief(cause))

    def predict_raw(self, data: Any) -> Outputs:
        """The pyfunc's answer to *data* as it is; raises what the model raises."""
        with quiet():
            return normalise(self._loaded.predict(data))

    def margins(
        self, batch: Batch, said: NDArray[Any], given: NDArray[Any]
    ) -> NDArray[np.float64] | None:
        """How far the two labels are from being level, where the estimator can say."""
        if self.predict_fn != "predict" or self.estimator is None:
            return None
        with quiet():
            data = native_form(self._ordered(batch))
            return margins_of(self.estimator, data, said, given)

    def _ordered(self, batch: Batch) -> Batch:
        """*batch* in the signature's order, as pyfunc itself hands it on."""
        schema = self._loaded.metadata.get_input_schema()
        if not isinstance(batch, pd.DataFrame) or schema is None:
            return batch
        if not schema.has_input_names():
            return batch
        return batch[[name for name in schema.input_names() if name in batch.columns]]


def load_reference(model: ServableModel) -> PyfuncReference:
    """
    Load *model* as MLflow itself would serve it.

    Raises:
        ModelNotLoadableError: pyfunc cannot load it here.
    """
    import mlflow.pyfunc  # noqa: PLC0415 - a second and a half, only when verifying

    with quiet():
        try:
            loaded = mlflow.pyfunc.load_model(str(model.folder))
        except Exception as cause:
            raise ModelNotLoadableError(model.uri, brief(cause)) from cause
        return PyfuncReference(loaded, _estimator(loaded), model.predict_fn)


def _estimator(loaded: Any) -> Any:
    try:
        return loaded.get_raw_model()
    except Exception:  # noqa: BLE001 - not every flavour hands its model out
        return None


@contextmanager
def quiet() -> Iterator[None]:
    """Models warn about hostile rows, and so does MLflow; that is what they are for."""
    log = logging.getLogger("mlflow.models.utils")
    before = log.disabled
    log.disabled = True
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        log.disabled = before


def brief(cause: Exception, *, limit: int = 240) -> str:
    """An error as one line."""
    text = " ".join(f"{type(cause).__name__}: {cause}".split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
