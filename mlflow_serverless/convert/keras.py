"""The Keras 3 flavour: what the TensorFlow flavour holds, logged by its own name."""

from mlflow_serverless.convert import tensorflow
from mlflow_serverless.convert.draft import Source
from mlflow_serverless.model import ServableModel


def source(model: ServableModel) -> Source:
    """The Keras model in *model*'s folder, ready to be drafted."""
    return tensorflow.source(model, "keras")
