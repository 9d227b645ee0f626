"""The XGBoost flavour: boosters and the scikit-learn wrappers alike."""

from mlflow_serverless.convert.draft import Draft, Source
from mlflow_serverless.convert.load import load_native
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.registry import lower
from mlflow_serverless.convert.lowered import draft_of
from mlflow_serverless.convert.recipes import catalogue
from mlflow_serverless.model import ServableModel


def source(model: ServableModel) -> Source:
    """The booster in *model*'s folder, ready to be drafted."""
    native = load_native(model.folder, "xgboost")
    catalogue.register()

    def draft(graph: Builder) -> Draft:
        return draft_of(
            graph, model.signature, lambda frame: lower(native, "predict", frame)
        )

    return Source(estimator=type(native).__name__, draft=draft)
