"""What serving takes, measured once for every bundle and kept."""

from typing import TYPE_CHECKING

from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.model import ServableModel
from mlflow_serverless.package import Bundle
from mlflow_serverless.pipeline.arrows import obtain
from mlflow_serverless.pipeline.recipe import parity_key, recipe
from mlflow_serverless.pipeline.rooms import Rooms
from mlflow_serverless.pipeline.smoke import Question
from mlflow_serverless.report import step
from mlflow_serverless.store import key_of
from mlflow_serverless.world import World

if TYPE_CHECKING:
    from mlflow_serverless.measure import Measured
    from mlflow_serverless.verify import ParityOptions

ROOM = "measure"


def measured(  # noqa: PLR0913, PLR0917 - all that it depends on, and where
    rooms: Rooms, model: ServableModel, bundle: Bundle, options: "ParityOptions",
    question: Question | None, world: World,
) -> "Measured | None":  # fmt: skip
    """
    What the runtime takes to serve *bundle*; asked where somebody must size a function.

    None on the embedded cloud, and where the runtime does not run here: that is told,
    and keeps nobody from deploying.
    """
    if world.cloud.place() is None:
        return None
    full = parity_key(key_of(bundle=bundle.digest, recipe=recipe()), options)
    with step(world.tell, ROOM, "memory") as said:
        try:
            found, fresh = obtain(
                world.store, ROOM, full,
                lambda _: rooms.measure(model, bundle, options, question),
            )  # fmt: skip
        except ServerlessError as error:
            world.tell(f"{ROOM}.warning", what=f"not measured: {error.message}")
            said.say("not measured")
            return None
        what = f"{found.memory_mb} MB at most, for {found.requests} requests"
        said.say(what, fresh=fresh, memory_mb=found.memory_mb)
    return found
