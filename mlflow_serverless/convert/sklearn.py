"""The scikit-learn flavour."""

from typing import Any

from mlflow_serverless.convert.draft import Draft, Source
from mlflow_serverless.convert.load import load_native
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.registry import lower
from mlflow_serverless.convert.lowered import draft_of
from mlflow_serverless.convert.recipes import catalogue
from mlflow_serverless.model import ServableModel


def source(model: ServableModel) -> Source:
    """The estimator in *model*'s folder, ready to be drafted."""
    estimator = load_native(model.folder, "sklearn")
    catalogue.register()

    def draft(graph: Builder) -> Draft:
        return draft_of(
            graph,
            model.signature,
            lambda frame: lower(estimator, model.predict_fn, frame),
        )

    return Source(estimator=describe(estimator), draft=draft)


def describe(estimator: Any) -> str:
    """Class names from the outside in: `Pipeline(StandardScaler, Ridge)`."""
    name = type(estimator).__name__
    inner = [describe(part) for part in _parts(estimator)]
    return f"{name}({', '.join(inner)})" if inner else name


def _parts(estimator: Any) -> list[Any]:
    if hasattr(estimator, "steps"):
        return [step for _, step in estimator.steps if hasattr(step, "get_params")]
    if hasattr(estimator, "transformers_"):
        return [t for _, t, _ in estimator.transformers_ if hasattr(t, "get_params")]
    for name in ("best_estimator_", "estimator_", "estimator"):
        inner = getattr(estimator, name, None)
        if hasattr(inner, "get_params"):
            return [inner]
    return []
