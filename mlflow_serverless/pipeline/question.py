"""The model's own answer to its own example."""

import io
import warnings

import mlflow.pyfunc
from mlflow.models import Model
from mlflow.pyfunc import scoring_server

from mlflow_serverless.door.payload import UnsendableInputError, payload_of
from mlflow_serverless.limits import SYNC_PAYLOAD_BYTES
from mlflow_serverless.model import ServableModel
from mlflow_serverless.pipeline.smoke import Question


def question_of(model: ServableModel) -> Question | None:
    """
    A request whose answer is known; None if the model brings no usable example.

    The example is asked as the table that it is, not as the JSON beside it: that says
    null for every missing text, where the table may say NaN.
    """
    if model.example is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about versions; verify has reported them
        inputs = Model.load(str(model.folder)).load_input_example(str(model.folder))
        native = mlflow.pyfunc.load_model(str(model.folder))
        answer = native.predict(inputs)
    try:
        payload = payload_of(inputs)
    except UnsendableInputError:
        return None
    if len(payload) > SYNC_PAYLOAD_BYTES:
        return None
    written = io.StringIO()
    scoring_server.predictions_to_json(answer, written)  # type: ignore[no-untyped-call]
    return Question(payload=payload, answer=written.getvalue())
