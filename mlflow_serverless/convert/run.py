"""The room's verb: a model's folder to graph files."""

import time
from pathlib import Path

from mlflow_serverless.convert.choose import source_of
from mlflow_serverless.convert.draft import Draft, Source, save
from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.graph import Conversion, ConversionReport, OnnxGraph
from mlflow_serverless.convert.load import versions
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.errors import ServerlessError
from mlflow_serverless.model import ServableModel

TWIN_FROM_NODES = 20_000
"""Tree nodes from which a quick-loading twin pays: below, the operator itself is
built in 13 ms (0.65 us a node, facts/performance.md 2b)."""

LIBRARIES = (
    "catboost", "keras", "lightgbm", "mlflow", "numpy", "onnx", "onnxscript",
    "scikit-learn", "skl2onnx", "tensorflow", "tensorflow-cpu", "tf2onnx", "torch",
    "xgboost", "xgboost-cpu",
)  # fmt: skip


def convert(model: ServableModel, folder: Path) -> Conversion:
    """
    Write *model* as ONNX into *folder*.

    Large forests are written twice: as tree operators, and as a twin that is quick
    to load. Neither is proved equal to the model yet; that is `verify`'s work.

    Raises:
        UnsupportedFlavorError, MissingFrameworkError, MalformedModelError,
        UntrustedTypesError, UnloadableModelError: The model cannot be read here.
        NoConversionError: It can, but not be put into a graph.
    """
    started = time.perf_counter()
    source = source_of(model)
    draft = _drafted(source, Builder())
    graph = save(draft, folder / "model.onnx")
    twins = _twins(source, draft, folder)
    return Conversion(
        graph=graph,
        report=ConversionReport(
            flavor=model.flavor,
            estimator=source.estimator,
            recipes=draft.recipes,
            warnings=draft.warnings,
            seconds=time.perf_counter() - started,
            nodes=draft.tree_nodes or len(draft.proto.graph.node),
            libraries=versions(LIBRARIES),
        ),
        twins=twins,
    )


def _drafted(source: Source, graph: Builder) -> Draft:
    """
    The draft; whatever goes wrong inside a recipe is a model that we cannot convert.

    Recipes read attributes that scikit-learn and the boosters may rename.
    """
    try:
        return source.draft(graph)
    except ServerlessError:
        raise
    except Exception as cause:
        at = graph.recipes[-1] if graph.recipes else "the inputs"
        why = f"the recipe {at} failed with {type(cause).__name__}: {cause}"
        raise NoConversionError(why, of=source.estimator) from cause


def _twins(source: Source, draft: Draft, folder: Path) -> tuple[OnnxGraph, ...]:
    if draft.tree_nodes < TWIN_FROM_NODES:
        return ()
    twin = _drafted(source, Builder(unrolls=True))
    if any(node.op_type == "TreeEnsemble" for node in twin.proto.graph.node):
        return ()
    return (save(twin, folder / "gather.onnx"),)
