"""The registry's word, brought about: policy, intents, one pass over them."""

from mlflow_serverless.reconcile.decide import Told
from mlflow_serverless.reconcile.load import json_schema, load
from mlflow_serverless.reconcile.look import Scene
from mlflow_serverless.reconcile.outcome import Outcome, exit_code
from mlflow_serverless.reconcile.policy import FILE, Policy
from mlflow_serverless.reconcile.registry import MlflowRegistry, Registry
from mlflow_serverless.reconcile.run import Result, Wish, dry_run, reconcile

__all__ = [
    "FILE",
    "MlflowRegistry",
    "Outcome",
    "Policy",
    "Registry",
    "Result",
    "Scene",
    "Told",
    "Wish",
    "dry_run",
    "exit_code",
    "json_schema",
    "load",
    "reconcile",
]
