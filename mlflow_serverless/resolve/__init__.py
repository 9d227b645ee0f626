"""ModelRef to ServableModel: the exact version, its files and what it says of itself.

A reference is pinned first (an alias becomes a version and a model id), downloaded
second, and read from its MLmodel file third. Nothing here unpickles anything.
"""

from mlflow_serverless.resolve.resolver import resolve

__all__ = ["resolve"]
