"""The model's own library as an engine, for what no graph can answer exactly.

Slow to start and large, but through the same doors, protocol and manifest. Nothing
here is imported unless a manifest's engine is `native`. The libraries are not in the
bundle: they are searched in the folders that `MLFLOW_SERVERLESS_SITE` lists.
"""

from lambda_runtime.native.session import open_native

__all__ = ["open_native"]
