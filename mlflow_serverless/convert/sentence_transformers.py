"""The sentence-transformers flavour: told apart, and left to the native engine.

Texts are cut into tokens by Python and Rust code before the network; see
`transformers`, whose reasons are the same.
"""

from mlflow_serverless.convert.draft import Source
from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.load import flavor_config
from mlflow_serverless.model import ServableModel


def source(model: ServableModel) -> Source:
    """
    Nothing: says why.

    Raises:
        NoConversionError: Always; the native engine serves the model.
    """
    config = flavor_config(model.folder, "sentence_transformers")
    kind = str(config.get("pipeline_model_type") or "SentenceTransformer")
    why = "its tokeniser cuts texts outside the network, padding by the longest one"
    raise NoConversionError(why, of=f"SentenceTransformer of {kind}")
