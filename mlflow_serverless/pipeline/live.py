"""Holding what is served now to a model: by a deployment's name, or by a URL."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.model import ServableModel
from mlflow_serverless.pipeline.ask import parsed
from mlflow_serverless.pipeline.errors import NotLetInError, PredictionFailedError
from mlflow_serverless.pipeline.front import fronts, post
from mlflow_serverless.pipeline.look import status
from mlflow_serverless.report import step
from mlflow_serverless.world import Doors, World

if TYPE_CHECKING:
    from mlflow_serverless.verify import RuntimeReport

Post = Callable[[bytes], tuple[int, bytes]]


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
    asked = by_url(where, world.doors) if "://" in where else by_name(where, world)
    with step(world.tell, "verify", f"{where} against {model.uri}") as said:
        found = verify_live(model, asked, where=where, options=options)
        said.say(f"{found.rows} rows answered as {model.uri} does", rows=found.rows)
    return found


def by_name(name: str, world: World) -> Post:
    """
    Sends bodies to what *name* serves: through its front door, as its callers do.

    Without one, or where it takes a token that we do not have, the alias is invoked.
    """
    found = status(name, world)
    for front in fronts(found.actual):
        if front.auth != "JWT":
            return by_url(front.url, world.doors)
    alias = found.alias

    def invoked(body: bytes) -> tuple[int, bytes]:
        reply = world.cloud.invoke(name, body, qualifier=alias)
        if reply.error is not None:
            said = reply.payload[:200].decode(errors="replace")
            raise PredictionFailedError(name, reply.version, f"{reply.error}: {said}")
        said = parsed(reply.payload)
        refused = isinstance(said, dict) and "predictions" not in said
        return (400 if refused else 200), reply.payload

    return invoked


def by_url(url: str, doors: Doors | None = None) -> Post:
    """
    Sends bodies to `/invocations` under *url*, signed where *doors* sign for it.

    What is sent raises NotLetInError where the signature is not enough.
    """

    def let_in(body: bytes) -> tuple[int, bytes]:
        status, answer = post(url, body, doors)
        if status in {401, 403}:
            raise NotLetInError(url, status)
        return status, answer

    return let_in
