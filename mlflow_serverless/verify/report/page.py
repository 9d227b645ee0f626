"""The report as one HTML file that needs nothing else."""

from collections.abc import Iterable, Sequence
from html import escape

from mlflow_serverless.page import frame, tiles
from mlflow_serverless.verify.report.plots import (
    Bar,
    Counts,
    Dot,
    bars,
    dots,
    error_map,
)
from mlflow_serverless.verify.report.values import (
    CandidateReport,
    GroupReport,
    ParityReport,
    WorstInput,
)
from mlflow_serverless.verify.report.words import (
    columns,
    count,
    micro,
    size,
    small,
    times,
)

JUDGED = """The reference is the model&rsquo;s own pyfunc prediction. Scores agree
within <code>atol + rtol &times; |score|</code>, with <code>rtol = 8 &times; spacing
&times; √terms</code> and <code>atol = rtol &times; median score</code> of the group,
unless given. Labels agree when equal; a label that differs is a tie only where the
model&rsquo;s own two best scores lie within the tie band."""
"""How verdicts come about, for those who read the page alone."""


def page(report: ParityReport) -> str:
    """*report* for people: drawings, evidence, and how it was judged."""
    parts = [
        _header(report),
        _tiles(report),
        _artefacts(report),
        *(_candidate(item) for item in report.candidates),
        _asked(report),
        _refusals(report),
        _judged(report),
    ]
    return frame(f"Parity of {report.model}", parts)


def _header(report: ParityReport) -> str:
    word, kind = ("Equal", "good") if report.passed else ("Not equal", "bad")
    return (
        f'<header><span class="badge {kind}">{word}</span>'
        f"<h1>{escape(report.model)}</h1><p>{_promise(report)}</p>"
        f'<p class="dim">{escape(report.flavor)} · <code>{escape(report.predict_fn)}'
        f"</code> · {escape(report.digest[:19])}…</p></header>"
    )


def _promise(report: ParityReport) -> str:
    if report.passed:
        return (
            f"Every artefact gave the model&rsquo;s own answer to each of "
            f"{count(report.rows)} rows."
        )
    failed = [item.name for item in report.candidates if not item.passed]
    names = escape(", ".join(failed))
    return f"Not served: {names} did not give the model&rsquo;s answers."


def _tiles(report: ParityReport) -> str:
    worst = max(
        (g.max_excess for c in report.candidates for g in c.groups), default=0.0
    )
    flips = sum(item.flips for item in report.candidates)
    figures = (
        ("rows compared", count(report.rows), ""),
        ("wrong labels", count(flips), "bad" if flips else ""),
        ("ties", count(sum(item.ties for item in report.candidates)), ""),
        ("largest error, of tolerance", times(worst), "bad" if worst > 1 else ""),
        ("rows the model refuses", count(sum(g.refused for g in report.groups)), ""),
        ("took", f"{report.seconds:.1f} s", ""),
    )
    return tiles(figures)


def _artefacts(report: ParityReport) -> str:
    items = report.candidates
    charts = (
        ("Size", [Bar(c.name, c.bytes, size(c.bytes), not c.passed) for c in items]),
        (
            "Session creation",
            [
                Bar(c.name, c.load_ms, f"{c.load_ms:.2f} ms", not c.passed)
                for c in items
            ],
        ),
        (
            "One row",
            [Bar(c.name, c.run_us, micro(c.run_us), not c.passed) for c in items],
        ),
    )
    drawn = "".join(f"<h3>{name}</h3>{bars(rows, name)}" for name, rows in charts)
    return f"<section><h2>Artefacts</h2>{drawn}</section>"


def _candidate(item: CandidateReport) -> str:
    kind = "good" if item.passed else "bad"
    parts = [
        (
            f'<h2><span class="mark {kind}"></span>{escape(item.name)} '
            f"<small>{escape(item.file)}, {escape(item.format)}</small></h2>"
            f"<p>{escape(item.verdict)}.{_runtime(item)}</p>"
        )
    ]
    if item.groups:
        found = [g for g in item.groups if g.rows and not g.fault]
        parts.append("<h3>Error of every row, in units of the tolerance</h3>")
        parts.append(
            error_map([Counts(g.name, g.histogram) for g in found if g.histogram])
        )
        if any(g.max_excess for g in found):
            parts.append("<h3>Largest error of each group</h3>")
            parts.append(
                dots([Dot(g.name, g.max_excess, times(g.max_excess)) for g in found])
            )
    parts.append(_classes(item))
    parts.append(_worst(item))
    return f"<section>{''.join(parts)}</section>"


def _runtime(item: CandidateReport) -> str:
    if item.runtime is None:
        return ""
    found = item.runtime
    right = found.rows - found.refused - found.wrong
    note = f" It refuses {found.refused} ({found.note})." if found.refused else ""
    spurned = f" {found.spurned} refused, as the model does." if found.spurned else ""
    return escape(
        f" Through the runtime ({found.engine}), as JSON: {right} of {found.rows} "
        f"rows right.{note}{spurned}"
    )


def _classes(item: CandidateReport) -> str:
    if not item.classes:
        return ""
    rows = [
        Bar(
            c.label,
            c.rows,
            _agreement(c.rows, c.equal, c.ties),
            c.rows > c.equal + c.ties,
        )
        for c in item.classes[:20]
    ]
    return f"<h3>Agreement by class</h3>{bars(rows, 'agreement by class')}"


def _agreement(rows: int, equal: int, ties: int) -> str:
    wrong = rows - equal - ties
    tail = f", {wrong} wrong" if wrong else ""
    tied = f", {ties} ties" if ties else ""
    return f"{count(equal)} of {count(rows)}{tied}{tail}"


def _worst(item: CandidateReport) -> str:
    evidence = [w for w in (item.worst, *item.more) if w is not None]
    if not evidence:
        return '<p class="dim">Every answer is exact to the last bit.</p>'
    return "<h3>Worst inputs</h3>" + _table(
        ("error", "group", "input", "the model", "the graph"), map(_evidence, evidence)
    )


def _evidence(worst: WorstInput) -> Sequence[str]:
    return (
        f'<b class="{"bad" if worst.excess > 1 else "good"}">{times(worst.excess)}</b>',
        escape(worst.group),
        f"<code>{escape(worst.input)}</code>",
        f"<code>{escape(worst.native)}</code>",
        f"<code>{escape(worst.candidate)}</code>",
    )


def _asked(report: ParityReport) -> str:
    table = _table(
        ("group", "rows", "the model refuses", "what it finds"),
        (
            (escape(g.name), count(g.rows), _refused(g), escape(_why(g)))
            for g in report.groups
        ),
    )
    return f"<section><h2>What was asked</h2>{table}</section>"


def _why(group: GroupReport) -> str:
    return f"{group.why} ({group.note})" if group.note else group.why


def _refused(group: GroupReport) -> str:
    if not group.refused and not group.reasons:
        return ""
    unasked = f", {group.unasked} not asked" if group.unasked else ""
    reason = escape(group.reasons[0]) if group.reasons else ""
    return f'{count(group.refused)}{unasked}<br><span class="dim">{reason}</span>'


def _refusals(report: ParityReport) -> str:
    """What callers get 400 for, as the model raises for it."""
    if not report.refusals:
        return ""
    table = _table(
        ("values", "in", "found by", "the model says"),
        (
            (
                escape(item.value),
                escape(columns(item.of)),
                "the graph" if item.by_graph else "the runtime",
                f'<span class="dim">{escape(item.reason)}</span>',
            )
            for item in report.refusals
        ),
    )
    return (
        "<section><h2>What is refused</h2><p>The model raises for these values, so "
        f"they are answered with status 400, column and row.</p>{table}</section>"
    )


def _judged(report: ParityReport) -> str:
    rows = [
        (
            escape(item.name),
            small(item.eps),
            count(item.depth),
            small(min((g.atol for g in item.groups), default=0.0)),
            small(max((g.atol for g in item.groups), default=0.0)),
            small(item.groups[0].rtol if item.groups else 0.0),
            small(item.tie_band),
        )
        for item in report.candidates
    ]
    table = _table(
        (
            "artefact",
            "float spacing",
            "terms summed",
            "atol from",
            "to",
            "rtol",
            "tie band",
        ),
        rows,
    )
    options = " · ".join(f"{k} {v}" for k, v in (*report.options, *report.libraries))
    return (
        f"<section><h2>How it was judged</h2><p>{JUDGED}</p>{table}"
        f'<p class="dim">{escape(options)}</p></section>'
    )


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are HTML already."""
    head = "".join(f"<th>{escape(name)}</th>" for name in headings)
    body = "".join("<tr>" + "".join(map(_td, row)) + "</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _td(cell: str) -> str:
    """Short cells keep to one line."""
    return f'<td class="wide">{cell}</td>' if len(cell) > 40 else f"<td>{cell}</td>"
