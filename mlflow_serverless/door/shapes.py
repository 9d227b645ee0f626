"""Our values as the dictionaries that MLflow hands around."""

from typing import Any

from mlflow_serverless.pipeline import Deployment, Status
from mlflow_serverless.pipeline.calling import calls
from mlflow_serverless.plan import Alias


def deployment(done: Deployment) -> dict[str, Any]:
    """What create and update give back; `name` and `flavor` are what the CLI prints."""
    return {
        "name": done.name,
        "flavor": done.flavor,
        "target": done.target,
        "endpoint": f"{done.name}:{done.alias}",
        "version": done.version,
        "model_uri": done.model,
        "bundle": done.bundle,
        "parity": done.parity,
        "outputs": dict(done.outputs),
        "smoke": done.smoke,
        "rollout": done.rollout,
        "changed": list(done.changed),
        "seconds": done.seconds,
    }


def described(status: Status) -> dict[str, Any]:
    """What get and list give back."""
    serving = status.serving
    return {
        "name": status.name,
        "flavor": status.flavor,
        "target": status.target,
        "endpoint": f"{status.name}:{status.alias}",
        "version": serving.version if serving else None,
        "model_uri": serving.model if serving else None,
        "parity": serving.parity if serving else None,
        "created": serving.created if serving else None,
        "versions": status.versions,
        "outputs": dict(status.actual.outputs),
        "calls": list(calls(status.actual, status.alias, status.target)),
        "config": status.config.model_dump(mode="json", exclude_defaults=True),
    }


def endpoint(name: str, alias: Alias) -> dict[str, Any]:
    """An alias as an endpoint: the layer over versions that moves traffic."""
    shares = dict(alias.weights)
    return {
        "name": f"{name}:{alias.name}",
        "deployment": name,
        "alias": alias.name,
        "version": alias.version,
        "weights": {alias.version: 1 - sum(shares.values()), **shares},
    }
