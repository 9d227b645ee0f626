"""Who puts an image together."""

from collections.abc import Sequence
from typing import Protocol

from mlflow_serverless.build.base import Base, Source
from mlflow_serverless.build.image import ImageSpec
from mlflow_serverless.build.layers import Archive
from mlflow_serverless.build.pull import RegistrySource


class Builder(Source, Protocol):
    """Brings the base, and sees to it that our layers make an image on it."""

    def assemble(
        self, base: Base, archives: Sequence[Archive], spec: ImageSpec
    ) -> None:
        """
        Put *archives* on *base*; what comes out is an image of these very layers.

        Raises:
            ServerlessError: It cannot, or what came out is something else.
        """
        ...


class Daemonless(RegistrySource):
    """No engine: the base comes from its registry, and layers need nobody's help."""

    def assemble(
        self, base: Base, archives: Sequence[Archive], spec: ImageSpec
    ) -> None:
        """Nothing is left to do: an image is its layers and two documents."""
