"""The model's own answer to its own example, as its scoring server would give it."""

import warnings

import mlflow.pyfunc
from mlflow.pyfunc import scoring_server

from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES
from mlflow_serverless.model import ServableModel
from mlflow_serverless.pipeline.smoke import Question

_OK = 200


def question_of(model: ServableModel) -> Question | None:
    """A request whose answer is known; None if the model brings no usable example."""
    if model.example is None or model.example.serving_file is None:
        return None
    payload = model.example.serving_file.read_bytes()
    if len(payload) > SYNC_PAYLOAD_BYTES:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about versions; verify has reported them
        native = mlflow.pyfunc.load_model(str(model.folder))
        answer = scoring_server.invocations(  # type: ignore[no-untyped-call]
            payload.decode(),
            "application/json",
            native,
            native.metadata.get_input_schema(),
        )
    if answer.status != _OK:
        return None
    return Question(payload=payload, answer=answer.response)
