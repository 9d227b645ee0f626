"""A policy, a registry and a cloud, all in memory, and passes over them."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from mlflow_serverless.lineage import Cause
from mlflow_serverless.reconcile import Scene, Wish, dry_run, reconcile
from mlflow_serverless.reconcile.load import parse
from mlflow_serverless.store import ContentStore
from mlflow_serverless.world import World
from tests.fakes.memory_cloud import MemoryCloud
from tests.fakes.model_registry import FakeRegistry
from tests.fakes.rooms import FakeRooms
from tests.fakes.tell import Heard

PLAIN = """
version: 1
environments:
  production: {target: "lambda:/eu-west-1"}
models:
  - model: fraud
    on: {alias: champion}
    config: {record: false}
"""

CHAIN = """
version: 1
environments:
  staging: {target: "lambda:/eu-west-1", name: "{model}-staging"}
  production: {target: "lambda:/eu-west-1", after: staging, approval: tag}
models:
  - model: fraud
    on: {alias: champion}
    config: {record: false}
"""


class ModelRooms(FakeRooms):
    """Rooms whose models carry the ids that the fake registry gives."""

    def resolve(self, text, downloads, flavor):
        model = super().resolve(text, downloads, flavor)
        name, _, number = text.removeprefix("models:/").rpartition("/")
        return replace(model, model_id=f"m-{name}-{number}")


@dataclass
class Stage:
    """Where passes are made."""

    folder: Path
    policy: str = PLAIN
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    cloud: MemoryCloud = field(
        default_factory=lambda: MemoryCloud(answer=lambda _: b'{"predictions": [1.0]}')
    )
    rooms: FakeRooms = field(default_factory=ModelRooms)
    heard: Heard = field(default_factory=Heard)

    def scene(self, **more) -> Scene:
        return Scene(
            policy=parse(self.policy, Path("policy.yaml")), registry=self.registry,
            worlds=self.world, target="lambda:/eu-west-1", **more,
        )  # fmt: skip

    def world(self, target: str) -> World:
        return World(
            target=target, cloud=self.cloud, store=ContentStore(self.folder / "work"),
            downloads=self.folder / "models", tell=self.heard,
        )  # fmt: skip

    def wish(self, **more) -> Wish:
        said = {"cause": Cause(actor="ann"), "rooms": self.rooms, **more}
        return Wish(tell=self.heard, **said)

    def once(self, *, scene=None, **more):
        return reconcile(self.scene(**(scene or {})), self.wish(**more))

    def proposed(self, **more):
        return dry_run(self.scene(**more), self.wish())

    def said(self, result) -> list[tuple[str, str, str]]:
        """(deployment, intent, state) of each outcome."""
        return [
            (o.intent.place.name, type(o.intent).__name__, o.state)
            for o in result.outcomes
        ]

    def serves(self, name: str = "fraud") -> str:
        """URI of the model that all traffic goes to; empty if there is none."""
        from mlflow_serverless.reconcile.deployed import deployed_of

        have = deployed_of(self.cloud.snapshot(name), "live")
        return "" if have.share else have.model
