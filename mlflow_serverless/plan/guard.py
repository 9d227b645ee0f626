"""Alarms of a rollout: on the version that is executed, beside those on the alias."""

from dataclasses import dataclass

from mlflow_serverless.plan import names
from mlflow_serverless.plan.resources import Alarm, Pairs, Resource

EXECUTED = "ExecutedVersion"
"""The dimension by which Lambda tells an alias's versions apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """An alarm that says something is wrong, now."""

    name: str
    since: float
    """Seconds since the epoch."""
    version: str = ""
    """The executed version that it watches; empty if it watches all of them."""
    why: str = ""


def guards(
    name: str, alias: str, version: str, *, errors: float, p95_ms: float | None = None
) -> tuple[Alarm, ...]:
    """
    Alarms on *version*, as far as it is called through *alias*.

    They see what a metric line cannot tell: calls that died before they wrote one.

    Args:
        name: The deployment's.
        alias: Which calls.
        version: Which of its versions.
        errors: Share of the calls that may fail [0..1]; Lambda counts each as 0 or 1,
            so that the average is the rate.
        p95_ms: Duration that one in twenty may exceed [ms]; not watched if None.
    """
    watched = [("Errors", "Average", errors)]
    if p95_ms is not None:
        watched.append(("Duration", "p95", p95_ms))
    return tuple(
        Alarm(
            name=names.alarm(name, f"guard-{version}-{metric.lower()}"),
            metric=metric,
            statistic=statistic,
            threshold=threshold,
            dimensions=_dimensions(name, alias, version),
            description=f"{metric} of version {version} of {name}, while it is new",
            tags=((names.OWNER, name),),
        )
        for metric, statistic, threshold in watched
    )


def _dimensions(name: str, alias: str, version: str) -> Pairs:
    return (
        (EXECUTED, version),
        ("FunctionName", name),
        ("Resource", f"{name}:{alias}"),
    )


def guarded(resource: Resource) -> str:
    """The version that *resource* is an alarm on; empty if it is none."""
    found = dict(resource.dimensions) if isinstance(resource, Alarm) else {}
    return found.get(EXECUTED, "")
