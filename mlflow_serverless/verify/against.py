"""A live deployment, held to a model: the same rows, asked where they are served."""

from mlflow_serverless.model import ServableModel
from mlflow_serverless.verify.errors import LiveDiffersError
from mlflow_serverless.verify.gate import prepare
from mlflow_serverless.verify.options import ParityOptions
from mlflow_serverless.verify.precision import EPS32, Precision
from mlflow_serverless.verify.report.values import RuntimeReport
from mlflow_serverless.verify.runtime_check import Post, through

DEPTH = 1_024
"""Terms in a sum of a graph that we cannot look into; `parity.rtol` says better."""


def verify_live(
    model: ServableModel,
    post: Post,
    *,
    where: str,
    options: ParityOptions | None = None,
) -> RuntimeReport:
    """
    Prove that what answers at *where* answers as *model*'s own pyfunc does.

    Args:
        model: What was resolved.
        post: Sends a body to `/invocations` of the deployment.
        where: What the deployment is called in messages.
        options: Budgets and tolerances; `runtime_rows` bounds what is asked.

    Raises:
        LiveDiffersError: An answer is not the model's, or nothing was answered.
        ServerlessError: As `verify`, when the model itself cannot be asked.
    """
    exam = prepare(model, options or ParityOptions())
    found = through(post, Precision(EPS32, DEPTH), exam.bench, engine="live")
    if found.wrong or found.rows == found.refused:
        raise LiveDiffersError(model.uri, where, found)
    return found
