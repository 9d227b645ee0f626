"""A report for a terminal: the outcome, both versions, and every move."""

from collections.abc import Iterator

from mlflow_serverless.shift.checks.words import lasted, ms, of
from mlflow_serverless.shift.report.values import RolloutReport, Side


def text(report: RolloutReport) -> str:
    """*report* in lines."""
    return "\n".join(_lines(report))


def _lines(report: RolloutReport) -> Iterator[str]:
    rollout = report.rollout
    yield (
        f"{report.name}:{report.alias}  {rollout.baseline} -> {rollout.candidate}  "
        f"{report.outcome.upper()} after {lasted(report.seconds)} "
        f"({rollout.strategy.name})"
    )
    yield f"  {report.reason}"
    yield ""
    yield f"  {'':<12}{'answers':>10}{'failed':>24}{'p50':>10}{'p95':>10}"
    for word, side in (("baseline", report.baseline), ("candidate", report.candidate)):
        yield _side(word, side)
    yield ""
    for look in report.looks:
        if look.move != "hold":
            after = lasted(look.at - rollout.begun)
            yield f"  {after:>9}  {look.move:<9} {look.reason}"


def _side(word: str, side: Side) -> str:
    seen = side.seen
    name = f"{word} {side.version}"
    return (
        f"  {name:<12}{seen.answers:>10,}{of(seen.failures, seen.answers):>24}"
        f"{ms(side.latency_us(0.5)):>10}{ms(side.latency_us(0.95)):>10}"
    )
