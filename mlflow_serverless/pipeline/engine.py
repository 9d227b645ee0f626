"""Which engine serves a model: an exact graph where there is one, else its library."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from lambda_runtime.engine.library import find_library
from lambda_runtime.faults import BrokenBundle
from lambda_runtime.manifest import Engine
from mlflow_serverless.errors import ServerlessError

if TYPE_CHECKING:
    from mlflow_serverless.native import NativeMade

ENGINE = Engine(kind="ort-c", why="the graph was proved equal to the model")
"""What runs a graph, where the installed onnxruntime lets it."""

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


@cache
def graph_engine(find: Callable[[], str] = find_library) -> Engine:
    """
    What runs a graph: while it is proved, and in the bundle.

    The image gets the onnxruntime that is installed here. Some of its packages hold no
    library of their own, or one too old for the part of its C API that we use; then
    its Python package serves, with numpy, for about 100 ms more of each cold start.

    Args:
        find: Says where the library is, or raises why there is none.
    """
    from lambda_runtime.engine.capi import api_at  # noqa: PLC0415 - brings ctypes

    try:
        api_at(find())
    except BrokenBundle as lacking:
        return Engine(kind="ort-python", why=f"{lacking.code}: {lacking}"[:_WHY_CHARS])
    return ENGINE


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
