"""Metric lines to cells of time, each holding what both versions did in it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from mlflow_serverless.observe.histogram import Histogram
from mlflow_serverless.observe.lines import Line, read
from mlflow_serverless.observe.seen import (
    Cell,
    Observation,
    Seen,
    Window,
    by_class,
    together,
)


def observe(
    lines: Iterable[Mapping[str, object]],
    *,
    baseline: str,
    candidate: str,
    window: Window,
) -> Observation:
    """
    What *lines* say of two versions.

    Args:
        lines: Metric lines, in any order; those of other versions or times are
            passed over.
        baseline: Version that serves already.
        candidate: Version that is to.
        window: Which time, and in cells of which length.
    """
    found: dict[int, dict[str, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for line in filter(None, map(read, lines)):
        ours = line.version in {baseline, candidate}
        if ours and window.since <= line.at < window.until:
            number = int((line.at - window.since) // window.cell_s)
            found[number][line.version].append(line)
    cells = (
        Cell(
            window.since + number * window.cell_s,
            seen(found[number][baseline]),
            seen(found[number][candidate]),
        )
        for number in sorted(found)
    )
    return Observation(
        baseline=baseline, candidate=candidate, window=window, cells=tuple(cells)
    )


def joined(earlier: Sequence[Cell], later: Sequence[Cell]) -> tuple[Cell, ...]:
    """Two lots of cells as one; cells that begin at the same time are added up."""
    by_start: dict[float, list[Cell]] = defaultdict(list)
    for cell in (*earlier, *later):
        by_start[cell.start].append(cell)
    return tuple(
        Cell(
            start,
            together(cell.baseline for cell in by_start[start]),
            together(cell.candidate for cell in by_start[start]),
        )
        for start in sorted(by_start)
    )


def seen(lines: Sequence[Line]) -> Seen:
    """What *lines* of one version say together."""
    answers = [line for line in lines if line.status is not None]
    statuses = Counter(str(a.status) for a in answers if (a.status or 0) >= 400)
    return Seen(
        requests=sum(not a.shadow for a in answers),
        shadowed=sum(a.shadow for a in answers),
        failures=sum((a.status or 0) >= 500 for a in answers),
        refusals=sum(400 <= (a.status or 0) < 500 for a in answers),
        statuses=dict(statuses),
        warm=_latencies(answers, cold=False),
        cold=_latencies(answers, cold=True),
        outputs=_outputs(answers),
        compared=_sum(line.compared for line in lines),
        disagreed=_sum(line.disagreed for line in lines),
        classes=by_class(line.classes for line in lines),
        distance=max(
            (li.distance for li in lines if li.distance is not None), default=None
        ),
        throttles=_sum(line.throttles for line in lines),
        memory_used=max(
            (li.memory_used for li in lines if li.memory_used is not None), default=None
        ),
    )


def _latencies(answers: Sequence[Line], *, cold: bool) -> Histogram | None:
    """Of answers that were computed: what is refused is quick, and no model ran."""
    took = [
        a.took_us
        for a in answers
        if a.cold is cold and a.took_us is not None and (a.status or 0) < 400
    ]
    return Histogram.of(took) if took else None


def _outputs(answers: Sequence[Line]) -> Mapping[str, int] | None:
    there = [a.outputs for a in answers if a.outputs is not None]
    if not there:
        return None
    total: Counter[str] = Counter()
    for outputs in there:
        total.update(outputs)
    return dict(total)


def _sum(counts: Iterable[int | None]) -> int | None:
    there = [count for count in counts if count is not None]
    return sum(there) if there else None
