"""The report on a terminal."""

from collections.abc import Iterator

from rich.console import Group
from rich.table import Table
from rich.text import Text

from mlflow_serverless.verify.report.values import (
    CandidateReport,
    GroupReport,
    GroupVerdict,
    ParityReport,
)
from mlflow_serverless.verify.report.words import (
    columns,
    count,
    micro,
    size,
    small,
    times,
)


def tables(report: ParityReport) -> Group:
    """A headline, one line an artefact, one line a group, and the evidence."""
    parts: list[Text | Table] = [
        _headline(report),
        _candidates(report),
        _groups(report),
    ]
    if report.refusals:
        parts.append(_refusals(report))
    parts.extend(_evidence(report))
    return Group(*parts)


def _headline(report: ParityReport) -> Text:
    text = Text()
    text.append("parity ", style="bold")
    text.append(
        "proved" if report.passed else "refused",
        style="bold green" if report.passed else "bold red",
    )
    text.append(
        f"  {report.model} · {report.flavor} · {report.predict_fn} · "
        f"{count(report.rows)} rows · seed {report.seed} · {report.seconds:.1f} s"
    )
    return text


def _candidates(report: ParityReport) -> Table:
    table = Table(title="artefacts", title_justify="left")
    for heading in ("", "artefact", "size", "load", "one row", "runtime", "verdict"):
        table.add_column(heading)
    for item in report.candidates:
        table.add_row(
            _mark(passed=item.passed),
            item.name,
            size(item.bytes),
            f"{item.load_ms:.1f} ms",
            micro(item.run_us),
            _runtime(item),
            Text(item.verdict),
        )
    return table


def _mark(*, passed: bool) -> Text:
    return Text("✓", style="green") if passed else Text("✗", style="bold red")


def _runtime(item: CandidateReport) -> str:
    if item.runtime is None:
        return "not asked"
    right = item.runtime.rows - item.runtime.refused - item.runtime.wrong
    spurned = item.runtime.spurned
    refused = f", {spurned} refused alike" if spurned else ""
    return f"{right} of {item.runtime.rows} rows{refused}"


def _groups(report: ParityReport) -> Table:
    table = Table(title="rows asked", title_justify="left")
    table.add_column("group")
    table.add_column("rows", justify="right")
    table.add_column("model refuses", justify="right")
    for item in report.candidates:
        table.add_column(item.name, justify="right")
    table.add_column("what it finds")
    for group in report.groups:
        found = [_cell(_of(item, group)) for item in report.candidates]
        table.add_row(
            group.name, count(group.rows), _refused(group), *found,
            Text("; ".join(filter(None, (group.why, group.note)))),
        )  # fmt: skip
    return table


def _refusals(report: ParityReport) -> Table:
    table = Table(title="answered with 400, as the model raises", title_justify="left")
    for heading in ("values", "in", "found by", "the model says"):
        table.add_column(heading)
    for item in report.refusals:
        finder = "the graph" if item.by_graph else "the runtime"
        table.add_row(item.value, Text(columns(item.of)), finder, Text(item.reason))
    return table


def _of(item: CandidateReport, group: GroupReport) -> GroupVerdict | None:
    return next((g for g in item.groups if g.name == group.name), None)


def _refused(group: GroupReport) -> str:
    refused = count(group.refused) if group.refused else ""
    return f"{refused} (+{group.unasked} unasked)" if group.unasked else refused


def _cell(found: GroupVerdict | None) -> Text:
    if found is None:
        return Text("\u2013", style="dim")
    if found.fault:
        return Text("fails", style="bold red")
    if found.flips or found.beyond:
        parts = [f"{found.flips} wrong"] if found.flips else []
        parts += (
            [f"{found.beyond} off ({small(found.max_abs)})"] if found.beyond else []
        )
        return Text(", ".join(parts), style="bold red")
    tie = f", {found.ties} ties" if found.ties else ""
    return Text(f"{times(found.max_excess)}{tie}", style="green")


def _evidence(report: ParityReport) -> Iterator[Text]:
    for item in report.candidates:
        if item.worst is None or item.passed:
            continue
        worst = item.worst
        yield Text.assemble(
            (f"{item.name}: worst input", "bold"),
            f" (group {worst.group}, row {worst.row})\n  {worst.input}\n"
            f"  the model says {worst.native}\n  the graph says {worst.candidate}",
        )
    for group in report.groups:
        if group.reasons:
            yield Text(
                f"{group.name}: the model refuses: {group.reasons[0]}", style="dim"
            )
