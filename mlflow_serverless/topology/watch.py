"""What is watched, and who is told."""

import json
from collections.abc import Iterator

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.plan import Alarm, Dashboard, Pairs, Place, Resource, names


def watch(
    name: str, config: DeploymentConfig, place: Place, tags: Pairs
) -> Iterator[Resource]:
    """The alarms and the dashboard that *config* asks for."""
    wanted = config.alarms
    for metric, statistic, threshold in (
        ("Errors", "Sum", wanted.errors),
        ("Throttles", "Sum", wanted.throttles),
        ("Duration", "p99", wanted.p99_ms),
    ):
        if threshold is not None:
            yield Alarm(
                name=names.alarm(name, metric.lower()),
                metric=metric,
                statistic=statistic,
                threshold=float(threshold),
                dimensions=_dimensions(name, config.alias),
                actions=wanted.notify,
                description=f"{metric} of {name}:{config.alias}, each minute",
                tags=tags,
            )
    if wanted.dashboard:
        body = _body(name, config.alias, place)
        yield Dashboard(name=names.dashboard(name, place.region), body=body)


def _dimensions(name: str, alias: str) -> Pairs:
    return (("FunctionName", name), ("Resource", f"{name}:{alias}"))


def _body(name: str, alias: str, place: Place) -> str:
    graphs = (
        ("Requests", (("Invocations", "Sum"), ("Errors", "Sum"), ("Throttles", "Sum"))),
        ("Duration [ms]", (("Duration", "p50"), ("Duration", "p99"))),
        ("At once", (("ConcurrentExecutions", "Maximum"),)),
    )
    widgets = [
        _graph(title, metrics, index, name, alias, place)
        for index, (title, metrics) in enumerate(graphs)
    ]
    return json.dumps({"widgets": widgets}, sort_keys=True, separators=(",", ":"))


def _graph(  # noqa: PLR0913, PLR0917 - one argument a part of a graph
    title: str,
    metrics: tuple[tuple[str, str], ...],
    index: int,
    name: str,
    alias: str,
    place: Place,
) -> dict[str, object]:
    where = [part for pair in _dimensions(name, alias) for part in pair]
    return {
        "type": "metric",
        "x": 8 * index,
        "y": 0,
        "width": 8,
        "height": 6,
        "properties": {
            "title": title,
            "region": place.region,
            "period": 60,
            "metrics": [
                ["AWS/Lambda", metric, *where, {"stat": statistic}]
                for metric, statistic in metrics
            ],
        },
    }
