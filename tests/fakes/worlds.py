"""A world in memory, whose functions answer what the fake rooms' models do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_serverless.pipeline import DeployRequest
from mlflow_serverless.store import ContentStore
from mlflow_serverless.world import World
from tests.fakes.memory_cloud import MemoryCloud
from tests.fakes.tell import Heard

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_serverless.world import Cloud

RIGHT = b'{"predictions": [1.0]}'
"""What the models of `FakeRooms` answer."""

WISH = DeployRequest(
    name="fraud", model_uri="models:/fraud/1", given={"memory_mb": 512, "record": False}
)
"""What is deployed where it does not matter what."""


def make_world(folder: Path, cloud: Cloud | None = None) -> World:
    """With *cloud*, or one in memory that answers right; work is kept in *folder*."""
    return World(
        target="memory:",
        cloud=cloud or MemoryCloud(answer=lambda _: RIGHT),
        store=ContentStore(folder / "work"),
        downloads=folder / "models",
        tell=Heard(),
    )
