"""Images to and from registries, over HTTP: no engine, no cloud's own library."""

from mlflow_serverless.build.registry.client import Registry
from mlflow_serverless.build.registry.login import Basic, Bearer, Login, anonymous
from mlflow_serverless.build.registry.push import push
from mlflow_serverless.build.registry.receipt import Pushed
from mlflow_serverless.build.registry.reference import Reference, parse_reference

__all__ = [
    "Basic",
    "Bearer",
    "Login",
    "Pushed",
    "Reference",
    "Registry",
    "anonymous",
    "parse_reference",
    "push",
]
