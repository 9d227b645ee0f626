"""Our errors as MLflow's: the right code, and a message that stands alone.

MLflow's command line shows a raw traceback, of which people read the last line, so
message and hint go on one.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    NOT_IMPLEMENTED,
    PERMISSION_DENIED,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
)

from mlflow_serverless.errors import Kind, ServerlessError
from mlflow_serverless.wording import one_line

CODES = {
    Kind.BAD_INPUT: INVALID_PARAMETER_VALUE,
    Kind.NOT_FOUND: RESOURCE_DOES_NOT_EXIST,
    Kind.CONFLICT: RESOURCE_ALREADY_EXISTS,
    Kind.REFUSED: INVALID_PARAMETER_VALUE,
    Kind.DENIED: PERMISSION_DENIED,
    Kind.UNAVAILABLE: TEMPORARILY_UNAVAILABLE,
    Kind.UNSUPPORTED: NOT_IMPLEMENTED,
    Kind.INTERNAL: INTERNAL_ERROR,
}


@contextmanager
def as_mlflow() -> Iterator[None]:
    """
    Translate what is raised inside.

    Raises:
        MlflowException: With the code that fits the error's kind.
    """
    try:
        yield
    except ServerlessError as cause:
        raise MlflowException(one_line(str(cause)), CODES[cause.kind]) from cause
