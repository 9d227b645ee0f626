"""The embedded cloud: a second `Cloud` beside AWS, on this machine, not a mock.

What is deployed is a sqlite file (`ledger`), bundles are folders by digest (`bundles`),
and functions run in processes of their own behind a Lambda Runtime API each
(`environment`), kept by one background process (`daemon`) that commands find and start
by themselves (`client`). `serve.serve` puts HTTP before it; that module is imported by
those who need it, since a web server takes longer to import than a prediction.
"""

from mlflow_serverless.local.cloud import (
    EnvironmentStatus,
    LocalCloud,
    Status,
    status,
    stop,
)
from mlflow_serverless.local.setup import Setup

__all__ = [
    "EnvironmentStatus",
    "LocalCloud",
    "Setup",
    "Status",
    "status",
    "stop",
]
