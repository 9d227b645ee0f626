"""The report as one HTML file that needs nothing else."""

from collections.abc import Callable, Iterator
from html import escape

from mlflow_serverless.observe import Histogram, Seen
from mlflow_serverless.observe.histogram import value_of
from mlflow_serverless.page import Band, Series, bands, chart, frame, tiles
from mlflow_serverless.shift.checks.words import lasted, ms, of, share
from mlflow_serverless.shift.history import Look
from mlflow_serverless.shift.report.values import RolloutReport

OLD, NEW = "--accent", "--new"
"""Colours of baseline and candidate."""

_NOTABLE = 0.01
"""Share that an axis of failures shows at least."""

_BADGES = {"promoted": "good", "rolled back": "bad", "under way": "plain"}


def page(report: RolloutReport) -> str:
    """*report* for people: drawings, and each verdict in words."""
    title = f"Rollout of {report.name}"
    return frame(title, (_header(report), _tiles(report), *_drawings(report),
                         _looks(report)))  # fmt: skip


def _header(report: RolloutReport) -> str:
    rollout = report.rollout
    stages = ", ".join(str(stage) for stage in rollout.strategy.stages) or "no stages"
    return (
        f'<header><span class="badge {_BADGES[report.outcome]}">'
        f"{report.outcome.capitalize()}</span>"
        f"<h1>{escape(report.name)}: version {escape(rollout.baseline)} &rarr; "
        f"{escape(rollout.candidate)}</h1><p>{escape(report.reason)}</p>"
        f'<p class="dim">{escape(rollout.strategy.name)}: {escape(stages)}</p></header>'
    )


def _tiles(report: RolloutReport) -> str:
    old, new = report.baseline, report.candidate
    rates = [share(s.error_rate) if s.error_rate is not None else "-"
             for s in (new, old)]  # fmt: skip
    p95s = [ms(s.latency_us(0.95)) for s in (new, old)]
    return tiles(
        (
            (_beside("answers", f"{old.seen.answers:,}"), f"{new.seen.answers:,}", ""),
            (_beside("failed", rates[1]), rates[0], ""),
            (_beside("p95", p95s[1]), p95s[0], ""),
            ("from its beginning to the last look", lasted(report.seconds), ""),
        )
    )


def _beside(what: str, of_the_old: str) -> str:
    return f"{what} (old version: {of_the_old})".replace(" ms", "\u00a0ms")


def _drawings(report: RolloutReport) -> Iterator[str]:
    yield _section("Share of the traffic", _weights(report))
    both = (report.baseline, report.candidate)
    names = [f"version {side.version}" for side in both]
    latency = bands(
        [
            Band(name, colour, _weighed(side.seen.warm))
            for name, colour, side in zip(names, (OLD, NEW), both, strict=True)
        ],
        "warm latency of both versions",
        show=ms,
    )
    yield _section("Latency of warm requests", latency)
    yield _section("p95 over time", _both(report, names, _p95, ms))
    failures = _both(report, names, _failed, share, least=_NOTABLE)
    yield _section("Failed requests", failures)
    if report.candidate.seen.compared:
        mine = [Series(names[1], NEW, _points(report, "candidate", _disagreed))]
        yield _section(
            "Predictions that differ",
            chart(mine, "disagreement", until=_end(report), show=share, least=_NOTABLE)
            + _by_class(report.candidate.seen),
        )


def _by_class(seen: Seen) -> str:
    """Where they differ: rows by what the old version answered."""
    if not seen.classes:
        return ""
    worst = sorted(seen.classes.items(), key=lambda item: (-item[1][1], item[0]))
    listed = "".join(
        f"<tr><td>{escape(label)}</td><td>{of(differ, rows)}</td></tr>"
        for label, (rows, differ) in worst
    )
    return f"<table><tr><th>served</th><th>differ</th></tr>{listed}</table>"


def _section(title: str, drawing: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{drawing}</section>"


def _weights(report: RolloutReport) -> str:
    begun, points, before = report.rollout.begun, [], 0.0
    for look in report.looks:
        minute = (look.at - begun) / 60
        points += [(minute, before), (minute, look.share)]
        before = look.share
    name = f"version {report.rollout.candidate}"
    return chart([Series(name, NEW, points)], "share", until=_end(report), show=share)


def _both(
    report: RolloutReport,
    names: list[str],
    value: Callable[[Seen], float | None],
    show: Callable[[float], str],
    *,
    least: float = 0.0,
) -> str:
    series = [
        Series(names[0], OLD, _points(report, "baseline", value)),
        Series(names[1], NEW, _points(report, "candidate", value)),
    ]
    title, until = value.__name__.strip("_"), _end(report)
    return chart(series, title, until=until, show=show, least=least)


def _end(report: RolloutReport) -> float:
    return report.seconds / 60


def _points(
    report: RolloutReport, side: str, value: Callable[[Seen], float | None]
) -> list[tuple[float, float]]:
    found = []
    for cell in report.cells:
        seen = cell.baseline if side == "baseline" else cell.candidate
        there = value(seen)
        if there is not None:
            found.append(((cell.start - report.rollout.begun) / 60, there))
    return found


def _p95(seen: Seen) -> float | None:
    return seen.warm.quantile(0.95) if seen.warm else None


def _failed(seen: Seen) -> float | None:
    return seen.failures / seen.answers if seen.answers else None


def _disagreed(seen: Seen) -> float | None:
    return (seen.disagreed or 0) / seen.compared if seen.compared else None


def _weighed(histogram: Histogram | None) -> list[tuple[float, float]]:
    if histogram is None:
        return []
    return [(value_of(key), n) for key, n in sorted(histogram.counts.items())]


def _looks(report: RolloutReport) -> str:
    rows = "".join(_row(look, report.rollout.begun) for look in report.looks)
    return (
        '<section><h2>Every look</h2><div class="scroll"><table><tr><th>time</th>'
        "<th>share</th><th>verdict</th><th>move</th><th>in words</th></tr>"
        f"{rows}</table></div></section>"
    )


def _row(look: Look, begun: float) -> str:
    kind = {"healthy": "good", "unhealthy": "bad"}.get(look.verdict, "")
    words = look.reason if look.move != "hold" else f"{look.reason} ({look.why})"
    words = look.why if look.reason == look.why else words
    return (
        f"<tr><td>{_clock(look.at - begun)}</td><td>{share(look.share)}</td>"
        f'<td><b class="{kind}">{look.verdict}</b></td><td>{look.move}</td>'
        f'<td class="wide">{escape(words)}</td></tr>'
    )


def _clock(seconds: float) -> str:
    """Minutes and seconds since the rollout began; hours, where there are some."""
    minutes, second = divmod(round(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
