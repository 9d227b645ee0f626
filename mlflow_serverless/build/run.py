"""The room's verb."""

from collections.abc import Callable

from mlflow_serverless.build.image import Image
from mlflow_serverless.build.options import BuildOptions
from mlflow_serverless.build.registry import Registry
from mlflow_serverless.package import Bundle
from mlflow_serverless.store import ContentStore
from mlflow_serverless.world import Tell

Open = Callable[[str], Registry]
"""The registry at a host, with whatever login it needs."""


def build(
    bundle: Bundle,
    options: BuildOptions,
    store: ContentStore,
    tell: Tell,
    *,
    registry: Open = Registry,
) -> Image:
    """
    The image that serves *bundle*, on disk; the same inputs give the same digest.

    Args:
        bundle: What is served.
        options: How the image is made.
        store: Keeps every part by its content; what is there is not made again.
        tell: Told `build.*` events.
        registry: Opens the registry that the base is pulled from.

    Raises:
        ServerlessError: See `errors`; nothing half-made is left.
    """
    raise NotImplementedError
