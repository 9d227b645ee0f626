"""MLflow's own scoring server, in process, around a model that echoes its input.

The differential tests ask the same request of both servers; what MLflow handed to the
model is the truth about coercion, its response the truth about status and codes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import PyFuncModel
from mlflow.pyfunc.scoring_server import init

from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT

if TYPE_CHECKING:
    from mlflow.types import ParamSchema, Schema


class Reply(NamedTuple):
    """What MLflow answered, and what its model was given."""

    status: int
    body: str
    given: Any
    params: Any

    def column(self, name: str) -> list[Any]:
        """One column as the model was given it; all missing if it was left out."""
        if name not in self.given:
            return [None] * len(self.given)
        return missing_as_none(self.given[name].tolist())

    def tensors(self) -> list[tuple[tuple[int, ...], list[Any]]]:
        """Shapes and elements of the tensors the model was given."""
        arrays = self.given.values() if isinstance(self.given, dict) else [self.given]
        return [(item.shape, missing_as_none(item.ravel().tolist())) for item in arrays]


def missing_as_none(values: list[Any]) -> list[Any]:
    """Values in a form that compares: missing of any kind is None, times are ns."""
    return [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return value
    if value in {NULL_TEXT, NAN_TEXT} or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.as_unit("ns").value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return str(value) if isinstance(value, str) else value


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
        self._app = init(PyFuncModel(model_meta=meta, model_impl=self._echo))
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
        raw = body.encode() if isinstance(body, str) else body
        headers = [] if content_type is None else [(b"content-type", content_type)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            status, text = _LOOP.run(_call(self._app, raw, headers))
        return Reply(status, text, self._echo.given, self._echo.params)


_LOOP = asyncio.Runner()
"""One event loop for all requests: starting one costs more than asking."""


async def _call(app: Any, body: bytes, headers: list[tuple[bytes, str]]) -> Any:
    """POST *body* to the ASGI *app*; its status and text."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1",
        "method": "POST", "path": "/invocations", "raw_path": b"/invocations",
        "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(name, value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    with contextlib.suppress(Exception):  # sent as 500 first, then raised
        await app(scope, receive, send)
    text = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], text.decode()
