"""MLflow's own scoring server, in process, around a model that echoes its input.

The differential tests ask the same request of both servers; what MLflow handed to the
model is the truth about coercion, its response the truth about status and codes.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any, NamedTuple

from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import PyFuncModel
from mlflow.pyfunc.scoring_server import init
from mlflow.types import ParamSchema, Schema
from starlette.testclient import TestClient


class Reply(NamedTuple):
    """What MLflow answered, and what its model was given."""

    status: int
    body: str
    given: Any
    params: Any


class _Echo:
    """A model that remembers what it was asked."""

    def __init__(self) -> None:
        self.given: Any = None
        self.params: Any = None
        self.answer: Any = None

    def predict(self, data: Any, params: Any = None) -> Any:
        self.given, self.params = data, params
        return [] if self.answer is None else self.answer


class Oracle:
    """The real scoring server for one signature."""

    def __init__(self, inputs: Schema, params: ParamSchema | None = None) -> None:
        self._echo = _Echo()
        meta = Model(signature=ModelSignature(inputs=inputs, params=params))
        app = init(PyFuncModel(model_meta=meta, model_impl=self._echo))
        self.client = TestClient(app, raise_server_exceptions=False)
        logging.getLogger("mlflow").setLevel(logging.CRITICAL)

    def answering(self, answer: Any) -> Oracle:
        """The same server, its model returning *answer*."""
        self._echo.answer = answer
        return self

    def ask(
        self, body: bytes | str, content_type: str | None = "application/json"
    ) -> Reply:
        """POST *body* to `/invocations`."""
        self._echo.given = None
        headers = {} if content_type is None else {"content-type": content_type}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reply = self.client.post("/invocations", content=body, headers=headers)
        return Reply(reply.status_code, reply.text, self._echo.given, self._echo.params)
