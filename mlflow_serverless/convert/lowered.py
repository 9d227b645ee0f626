"""From an estimator and a signature to a draft, through our own recipes."""

from collections.abc import Callable, Sequence

from lambda_runtime.manifest import Feed, Signature, Tensor
from mlflow_serverless.convert.answers import answer_for
from mlflow_serverless.convert.draft import Draft
from mlflow_serverless.convert.inputs import inputs_for
from mlflow_serverless.convert.lower.builder import Builder
from mlflow_serverless.convert.lower.checks import marked
from mlflow_serverless.convert.lower.frame import Frame
from mlflow_serverless.convert.lower.registry import Result
from mlflow_serverless.convert.lower.symbol import Sym


def draft_of(
    graph: Builder,
    signature: Signature,
    compute: Callable[[Frame], Result],
    names: Sequence[str] | None = None,
) -> Draft:
    """
    The graph that feeds *signature* to *compute* and answers with its result.

    Args:
        graph: An empty builder.
        signature: What requests look like.
        compute: From the request's columns to the model's answer, as symbols.
        names: Column names, if the model answers with a DataFrame.
    """
    frame, feeds = inputs_for(graph, signature)
    result = compute(frame)
    outputs, answer = answer_for(result, list(names) if names else None)
    marks, checks = marked(graph)
    outputs += marks
    return Draft(
        proto=graph.model(outputs),
        inputs=tuple(_tensor(s.name, s) for s in graph.inputs),
        outputs=tuple(_tensor(name, symbol) for name, symbol in outputs),
        feeds=_in_order(graph, feeds),
        answer=answer._replace(checks=checks),
        recipes=tuple(dict.fromkeys(graph.recipes)),
        warnings=tuple(dict.fromkeys(graph.warnings)),
        tree_nodes=graph.tree_nodes,
    )


def _in_order(graph: Builder, feeds: tuple[Feed, ...]) -> tuple[Feed, ...]:
    place = {symbol.name: i for i, symbol in enumerate(graph.inputs)}
    return tuple(sorted(feeds, key=lambda feed: place[feed.input]))


def _tensor(name: str, symbol: Sym) -> Tensor:
    return Tensor(name, symbol.dtype, symbol.shape)
