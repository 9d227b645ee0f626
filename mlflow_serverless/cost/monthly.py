"""What stands there costs, whether it is asked or not; and what asking costs."""

from collections.abc import Iterator
from dataclasses import dataclass

from mlflow_serverless.cost.prices import AS_OF, known, price
from mlflow_serverless.limits import EPHEMERAL_MB
from mlflow_serverless.plan import (
    Alarm,
    Controller,
    Dashboard,
    Desired,
    HttpApi,
    LogGroup,
    ModelBucket,
    Place,
    ProvisionedConcurrency,
    Repository,
    Resource,
    Settings,
)

_MONTH_S = 730 * 3600
"""A mean month [s]."""
_TYPICAL_MS = 100
"""A request's duration to give an idea of what asking costs [ms]."""


_LOOK_S = 2.0
"""A controller's look at a rollout, to give an idea of what a day of them costs [s]."""
_LOOKS = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One line of the bill."""

    what: str
    usd: float | None
    """A month, or per unit as *what* says; None if it is not known."""

    def __str__(self) -> str:
        usd = "unknown" if self.usd is None else f"${self.usd:.2f}"
        return f"{self.what}: {usd}"


def monthly(want: Desired, place: Place | None) -> tuple[CostLine, ...]:
    """
    The lines of *want* that are known beforehand; none on the embedded cloud.

    Args:
        want: What stands there.
        place: Where; prices differ by region.
    """
    if place is None:
        return ()
    if not known(place.region):
        return (CostLine(what=f"prices of {place.region} ({AS_OF})", usd=None),)
    settings = want.function.settings
    kept = any(isinstance(r, ProvisionedConcurrency) for r in want.resources)
    lines = [*_asking(settings, place.region, "kept_busy." if kept else "")]
    for resource in want.resources:
        lines += _standing(resource, settings, place.region)
    return tuple(lines)


def _asking(settings: Settings, region: str, rate: str) -> Iterator[CostLine]:
    gigabytes = settings.memory_mb / 1024
    architecture = settings.architecture or "x86_64"
    second = price(region, f"lambda.{rate}gb_second.{architecture}") * gigabytes
    beyond = max(settings.ephemeral_mb - EPHEMERAL_MB.start, 0) / 1024
    second += price(region, "lambda.scratch.gb_second") * beyond
    each = price(region, "lambda.request") + second * _TYPICAL_MS / 1000
    what = f"a million requests of {_TYPICAL_MS} ms at {settings.memory_mb} MB"
    yield CostLine(what=what, usd=1e6 * each)
    if settings.snap_start:
        kept = price(region, "lambda.snapshot.gb_second") * gigabytes * _MONTH_S
        yield CostLine(what="snapshot of one version, a month", usd=kept)
        restored = price(region, "lambda.restore.gb") * gigabytes
        yield CostLine(what="a thousand starts from it", usd=1e3 * restored)


def _standing(  # noqa: C901 - one case a kind
    resource: Resource, settings: Settings, region: str
) -> Iterator[CostLine]:
    match resource:
        case ProvisionedConcurrency():
            key = f"lambda.kept.gb_second.{settings.architecture or 'x86_64'}"
            kept = resource.count * settings.memory_mb / 1024 * _MONTH_S
            what = f"{resource.count} environments kept started, a month"
            yield CostLine(what=what, usd=price(region, key) * kept)
        case Repository():
            usd = price(region, "ecr.gb_month")
            yield CostLine(what="each GB of images, compressed, a month", usd=usd)
        case ModelBucket():
            usd = price(region, "s3.gb_month")
            yield CostLine(what="each GB of models in S3, a month", usd=usd)
        case LogGroup():
            usd = price(region, "logs.gb")
            yield CostLine(what=f"each GB written to {resource.name}", usd=usd)
        case HttpApi():
            each = price(region, "http_api.request")
            yield CostLine(what="a million requests through the API", usd=1e6 * each)
        case Controller():
            yield _driving(resource, region)
        case Alarm():
            usd = price(region, "cloudwatch.alarm_month")
            yield CostLine(what=f"alarm {resource.name}, a month", usd=usd)
        case Dashboard():
            usd = price(region, "cloudwatch.dashboard_month")
            yield CostLine(what=f"dashboard {resource.name}, a month", usd=usd)
        case _:
            pass


def _driving(made: Controller, region: str) -> CostLine:
    second = price(region, f"lambda.gb_second.{made.architecture}")
    look = _LOOK_S * second * made.memory_mb / 1024 + price(region, "lambda.request")
    look += price(region, "scheduler.call")
    what = f"a day of a rollout's looks, one a minute of {_LOOK_S:g} s"
    return CostLine(what=what, usd=_LOOKS * look)
