"""The transformers flavour: told apart, and left to the native engine.

A pipeline is a tokeniser, a network and Python code around both: padding that follows
the longest text of a batch, truncation, score functions, answers as lists of mappings.
The network alone has a graph, but MLflow's answer is the pipeline's. No library that is
kept puts all of it into one exactly, so nothing is converted here; what is said is why,
by task.
"""

from typing import Any

from mlflow_serverless.convert.draft import Source
from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.load import flavor_config
from mlflow_serverless.model import ServableModel

GENERATES = {
    "text-generation", "text2text-generation", "summarization", "translation",
    "conversational", "image-to-text", "automatic-speech-recognition", "llm/v1/chat",
    "llm/v1/completions",
}  # fmt: skip
"""Tasks whose answer grows a token at a time."""

TOKENISES = {
    "text-classification", "sentiment-analysis", "token-classification", "ner",
    "fill-mask", "feature-extraction", "zero-shot-classification",
    "question-answering", "table-question-answering", "llm/v1/embeddings",
}  # fmt: skip
"""Tasks whose input is text."""


def source(model: ServableModel) -> Source:
    """
    Nothing: says why.

    Raises:
        NoConversionError: Always; the native engine serves the pipeline.
    """
    config = flavor_config(model.folder, "transformers")
    raise NoConversionError(why(config), of=kind(config))


def kind(config: Any) -> str:
    """What the model is, with its task: `TextClassificationPipeline (…)`."""
    name = config.get("instance_type") or config.get("pipeline_model_type") or "model"
    network = config.get("pipeline_model_type")
    inside = f" of {network}" if network and network != name else ""
    return f"{name}{inside}"


def why(config: Any) -> str:
    """What of the pipeline has no graph, by its task."""
    task = str(config.get("task") or "unknown")
    if "model_binary" not in config and config.get("source_model_name"):
        where = config["source_model_name"]
        return f"its weights are not in the model's folder, but on a hub ({where})"
    if task in GENERATES or task.startswith("translation"):
        return f"{task} answers token by token, with search and stopping in Python"
    if task in TOKENISES:
        return f"{task} cuts texts into tokens and reads scores in Python code"
    return f"the steps around the network of task {task!r} are Python code"
