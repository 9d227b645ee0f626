"""Which engine serves a model: an exact graph where there is one, else its library."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambda_runtime.manifest import Engine
from mlflow_serverless.errors import ServerlessError

if TYPE_CHECKING:
    from mlflow_serverless.native import NativeMade

ENGINE = Engine(kind="ort-c", why="the graph was proved equal to the model")
"""What runs a graph: while it is proved, and in the bundle."""

ASKED = "engine=native was asked for"

NO_GRAPH = frozenset({"no-conversion", "unsupported-flavor", "parity-failed"})
"""Refusals that say: there is no exact graph. Others say that something is wrong with
the model or with this machine, and no engine mends that."""

NOT_HERE = frozenset(
    {"missing-framework", "unloadable-model", "code-missing", "model-not-loadable"}
)
"""Refusals that say: it does not load with what is installed here."""

_WHY_CHARS = 400


@dataclass(frozen=True, slots=True)
class Choice:
    """That no graph serves a model, and why; kept, so that it is found out once."""

    why: str


def says_no_graph(refusal: ServerlessError) -> bool:
    """Whether *refusal* leaves the native engine to try."""
    return refusal.code in NO_GRAPH


def why_of(refusal: ServerlessError) -> str:
    """*refusal* on one line, short enough for a manifest."""
    text = f"{refusal.code}: {' '.join(refusal.message.split())}"
    return text if len(text) <= _WHY_CHARS else f"{text[: _WHY_CHARS - 1]}…"


def cost_of(made: "NativeMade") -> str:
    """What *made* costs, in words with numbers."""
    cost = made.cost
    libraries = ", ".join(cost.libraries)
    return (
        f"{cost.bundle_bytes / 1e6:.2f} MB of model and about "
        f"{cost.library_bytes / 1e6:.0f} MB of libraries ({libraries}); cold start "
        f"{cost.cold_ms:.0f} ms here, first answer {cost.first_ms:.0f} ms"
    )
