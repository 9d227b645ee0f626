"""Holding what is served now to a model: by a deployment's name, or by a URL."""

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.model import ServableModel
from mlflow_serverless.pipeline.ask import parsed
from mlflow_serverless.pipeline.errors import FunctionFailedError, UnreachableUrlError
from mlflow_serverless.pipeline.look import status
from mlflow_serverless.report import step
from mlflow_serverless.world import World

if TYPE_CHECKING:
    from mlflow_serverless.verify import RuntimeReport

Post = Callable[[bytes], tuple[int, bytes]]

PATIENCE_S = 60.0
"""Longest wait for one answer over HTTP [s]."""


def compare_live(
    model: ServableModel, where: str, config: DeploymentConfig, world: World
) -> "RuntimeReport":
    """
    Prove that *where* (a deployment's name, or a URL) answers as *model* does.

    Raises:
        LiveDiffersError: It does not; carries the first row that shows it.
        ServerlessError: The model or the deployment cannot be asked.
    """
    from mlflow_serverless.verify import (  # noqa: PLC0415 - brings numpy
        ParityOptions,
        verify_live,
    )

    options = ParityOptions(**config.parity.model_dump())
    post = by_url(where) if "://" in where else by_name(where, world)
    with step(world.tell, "verify", f"{where} against {model.uri}") as said:
        found = verify_live(model, post, where=where, options=options)
        said.say(f"{found.rows} rows answered as {model.uri} does", rows=found.rows)
    return found


def by_name(name: str, world: World) -> Post:
    """Sends bodies to the version that *name* serves."""
    alias = status(name, world).alias

    def post(body: bytes) -> tuple[int, bytes]:
        reply = world.cloud.invoke(name, body, qualifier=alias)
        if reply.error is not None:
            said = reply.payload[:200].decode(errors="replace")
            raise FunctionFailedError(name, reply.version, f"{reply.error}: {said}")
        said = parsed(reply.payload)
        refused = isinstance(said, dict) and "predictions" not in said
        return (400 if refused else 200), reply.payload

    return post


def by_url(url: str) -> Post:
    """Sends bodies to `/invocations` under *url*."""
    address = url if url.endswith("/invocations") else f"{url.rstrip('/')}/invocations"
    if not address.startswith(("http://", "https://")):
        raise UnreachableUrlError(url, "it is neither http nor https")

    def post(body: bytes) -> tuple[int, bytes]:
        request = urllib.request.Request(  # noqa: S310 - http or https, checked above
            address, body, {"content-type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:  # noqa: S310
                return reply.status, reply.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()
        except OSError as cause:
            why = str(getattr(cause, "reason", cause))
            raise UnreachableUrlError(address, why) from cause

    return post
