"""The Python door: `mlflow_serverless.deploy("fraud", info.model_uri)`.

Made for training scripts, right after `log_model`. Keys of the configuration are
keyword arguments; groups are mappings (`parity={"samples": 500}`).
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from mlflow_serverless import pipeline
from mlflow_serverless.pipeline import Deployment, DeployRequest, Proposal, Published
from mlflow_serverless.plan import Foreign, Garbage
from mlflow_serverless.report import reporter
from mlflow_serverless.screen import drawing_on
from mlflow_serverless.wiring import DEFAULT_TARGET, world_for
from mlflow_serverless.world import World

__all__ = [
    "Deployed",
    "delete",
    "deploy",
    "gc",
    "history",
    "metrics",
    "predict",
    "propose",
    "rollback",
    "status",
    "update",
]

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed(Deployment):
    """A deployment that can be asked."""

    def predict(
        self, inputs: Any, *, params: Mapping[str, object] | None = None
    ) -> Any:
        """As `mlflow_serverless.predict`, of this deployment."""
        return predict(f"{self.name}:{self.alias}", inputs, self.target, params=params)


def deploy(  # noqa: PLR0913 - one argument a choice
    name: str,
    model_uri: str,
    target: str = DEFAULT_TARGET,
    *,
    flavor: str | None = None,
    quiet: bool = False,
    adopt: bool = False,
    **config: object,
) -> Deployed:
    """
    Serve a model under *name*: convert, prove, deploy. Running it again is safe.

    Args:
        name: 1 to 64 letters, digits, hyphens and underscores.
        model_uri: Any model URI that MLflow takes, or a folder.
        target: `lambda:/local`, or `lambda[:/REGION[/ROLE_ARN]]` for AWS.
        flavor: Which flavour to serve, where the model has several.
        quiet: Report nothing on the way.
        adopt: Take over what was made by hand under the names that this needs.
        config: See docs/reference/config.md; what is not given is the default.

    Raises:
        ServerlessError: What was wrong, and what to do; nothing is half-made.
    """
    request = DeployRequest(
        name=name, model_uri=model_uri, flavor=flavor, given=config,
        foreign=_foreign(adopt=adopt),
    )  # fmt: skip
    with _world(target, quiet=quiet) as world:
        watch = None if quiet else drawing_on(sys.stderr)
        return _deployed(pipeline.deploy(request, world, watch=watch))


def update(
    name: str,
    model_uri: str | None = None,
    target: str = DEFAULT_TARGET,
    *,
    quiet: bool = False,
    adopt: bool = False,
    **config: object,
) -> Deployed:
    """
    Serve another model, or the same otherwise; what is not given stays as it is.

    Raises:
        ServerlessError: There is no such deployment, or a room refused.
    """
    request = DeployRequest(
        name=name, model_uri=model_uri, given=config, intent=pipeline.Intent.UPDATE,
        foreign=_foreign(adopt=adopt),
    )  # fmt: skip
    with _world(target, quiet=quiet) as world:
        watch = None if quiet else drawing_on(sys.stderr)
        return _deployed(pipeline.deploy(request, world, watch=watch))


def propose(
    name: str,
    model_uri: str,
    target: str = DEFAULT_TARGET,
    *,
    quiet: bool = False,
    adopt: bool = False,
    **config: object,
) -> Proposal:
    """
    What `deploy` would change, without changing anything.

    Raises:
        ServerlessError: As `deploy` would.
    """
    foreign = _foreign(adopt=adopt)
    request = DeployRequest(
        name=name, model_uri=model_uri, given=config, foreign=foreign
    )
    with _world(target, quiet=quiet) as world:
        return pipeline.plan_only(request, world)


def predict(  # noqa: PLR0913 - one argument a choice
    name: str,
    inputs: Any,
    target: str = DEFAULT_TARGET,
    *,
    params: Mapping[str, object] | None = None,
    door: str = "",
    token: str = "",
) -> Any:
    """
    The served model's predictions, as JSON values.

    Args:
        name: A deployment, or `name:alias`.
        inputs: DataFrame, array, list, dict, or a request's text or bytes.
        target: Where it is deployed.
        params: Inference parameters, as the signature declares them.
        door: `url` or `api`, to ask through it as callers do; empty to invoke.
        token: A bearer token for an API that wants one.

    Raises:
        ServerlessError: The request does not fit, or the function failed.
    """
    from mlflow_serverless.door.payload import payload_of  # noqa: PLC0415 - brings pandas

    request = payload_of(inputs, params)
    with _world(target, quiet=True) as world:
        if door:
            answer = pipeline.ask_outside(name, request, world, door=door, token=token)
            return pipeline.parsed(answer)["predictions"]
        called, _, alias = name.partition(":")
        qualifier = alias or pipeline.status(called, world).alias
        reply = pipeline.ask(world.cloud, called, request, qualifier=qualifier)
    return pipeline.parsed(reply.payload)["predictions"]


def status(name: str, target: str = DEFAULT_TARGET) -> pipeline.Status:
    """
    What is deployed under *name*.

    Raises:
        ServerlessError: Nothing is.
    """
    with _world(target, quiet=True) as world:
        return pipeline.status(name, world)


def history(name: str, target: str = DEFAULT_TARGET) -> list[Published]:
    """
    Every version of *name*, newest first.

    Raises:
        ServerlessError: There is no such deployment.
    """
    with _world(target, quiet=True) as world:
        return pipeline.history(name, world)


def metrics(name: str, target: str = DEFAULT_TARGET) -> Iterator[dict[str, object]]:
    """
    What each request cost, oldest first: `cold`, `init_ms`, `handle_us`, `rows`.

    Raises:
        ServerlessError: The target cannot be used.
    """
    with _world(target, quiet=True) as world:
        for line in world.cloud.metrics(name):
            yield {
                _WORD.sub("_", key).lower(): value
                for key, value in line.items()
                if not key.startswith("_")
            }


def rollback(
    name: str, target: str = DEFAULT_TARGET, *, to: str | None = None
) -> pipeline.Moved:
    """
    Send all traffic of *name* to an earlier version, at once.

    Args:
        name: The deployment.
        target: Where it is deployed.
        to: A version's number; the version before if left out.

    Raises:
        ServerlessError: There is no such deployment, or no such version.
    """
    with _world(target, quiet=True) as world:
        return pipeline.rollback(name, world, to=to)


def gc(name: str, target: str = DEFAULT_TARGET, *, keep: int | None = None) -> Garbage:
    """
    Remove versions and artifacts that nobody needs; what was removed.

    Args:
        name: The deployment.
        target: Where it is deployed.
        keep: How many of the newest versions stay, beside those that serve; as
            configured (`keep_versions`) if left out.

    Raises:
        ServerlessError: There is no such deployment, or a removal failed.
    """
    with _world(target, quiet=True) as world:
        return pipeline.gc(name, world, keep=keep)


def delete(name: str, target: str = DEFAULT_TARGET) -> bool:
    """Take *name* away with its versions; False if it was not there."""
    with _world(target, quiet=True) as world:
        return pipeline.delete(name, world)


def _foreign(*, adopt: bool) -> Foreign:
    return Foreign.ADOPT if adopt else Foreign.REFUSE


def _deployed(done: Deployment) -> Deployed:
    return Deployed(**{f.name: getattr(done, f.name) for f in fields(done)})


@contextmanager
def _world(target: str, *, quiet: bool) -> Iterator[World]:
    style = "silent" if quiet else "auto"
    with reporter(sys.stderr, style=style) as report:
        yield world_for(target, report)
