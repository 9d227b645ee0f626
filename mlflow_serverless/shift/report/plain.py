"""A report as JSON can hold it."""

from datetime import UTC, datetime

from mlflow_serverless.observe import Seen
from mlflow_serverless.shift.history import Look
from mlflow_serverless.shift.report.values import RolloutReport, Side


def plain(report: RolloutReport) -> dict[str, object]:
    """*report* for programs; times in ISO 8601, latencies in milliseconds."""
    rollout = report.rollout
    return {
        "deployment": report.name,
        "alias": report.alias,
        "outcome": report.outcome,
        "reason": report.reason,
        "strategy": rollout.strategy.name,
        "stages": [str(stage) for stage in rollout.strategy.stages],
        "state": rollout.state.value,
        "begun": _when(rollout.begun),
        "seconds": round(report.seconds, 3),
        "baseline": _side(report.baseline),
        "candidate": _side(report.candidate),
        "looks": [_look(look) for look in report.looks],
    }


def _side(side: Side) -> dict[str, object]:
    seen = side.seen
    return {
        "version": side.version,
        "requests": seen.requests,
        "shadowed": seen.shadowed,
        "failures": seen.failures,
        "refusals": seen.refusals,
        "statuses": dict(seen.statuses),
        "error_rate": side.error_rate,
        "p50_ms": _ms(side.latency_us(0.5)),
        "p95_ms": _ms(side.latency_us(0.95)),
        "cold_starts": seen.cold.total if seen.cold else None,
        "compared": seen.compared,
        "disagreed": seen.disagreed,
        "by_class": _classes(seen),
        "largest_distance": seen.distance,
        "outputs": dict(seen.outputs) if seen.outputs is not None else None,
    }


def _classes(seen: Seen) -> dict[str, dict[str, int]] | None:
    if seen.classes is None:
        return None
    return {
        label: {"compared": rows, "disagreed": differ}
        for label, (rows, differ) in seen.classes.items()
    }


def _look(look: Look) -> dict[str, object]:
    return {
        "at": _when(look.at),
        "state": look.state,
        "share": look.share,
        "verdict": look.verdict,
        "why": look.why,
        "move": look.move,
        "reason": look.reason,
        "findings": [
            {"check": f.check, "result": f.result.value, "sentence": f.sentence}
            for f in look.findings
        ],
    }


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _ms(microseconds: float | None) -> float | None:
    return None if microseconds is None else round(microseconds / 1000, 3)
