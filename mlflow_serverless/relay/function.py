"""The relay as a Lambda function behind a function URL."""

import os
from functools import cache
from typing import Any

from mlflow_serverless.relay.handle import Relay, handle
from mlflow_serverless.relay.request import from_function_url, to_function_url
from mlflow_serverless.relay.settings import relay_of


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's form
    """Answer one event of a function URL."""
    return to_function_url(handle(from_function_url(event), _relay()))


@cache
def _relay() -> Relay:
    """Made once an environment; a changed secret needs a new one."""
    return relay_of(os.environ)
