"""A rollout as it is seen on a terminal, drawn anew while it goes on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from rich.console import (
    Console,
    ConsoleOptions,
    Group,
    RenderableType,
    RenderResult,
)
from rich.live import Live as Screen
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mlflow_serverless.observe import Cell, Seen
from mlflow_serverless.pipeline.rollouts import Advanced
from mlflow_serverless.report import sentence
from mlflow_serverless.shift import Kind, Rollout, State
from mlflow_serverless.shift.advance import share_of
from mlflow_serverless.shift.checks.words import ms, share
from mlflow_serverless.shift.clock import SystemClock
from mlflow_serverless.shift.report import RolloutReport
from mlflow_serverless.world import Clock

_BARS = "▁▂▃▄▅▆▇█"
_CELLS = 24
"""Cells of time that a sparkline shows."""
_FEWEST = 4
"""Fewer say nothing."""
_FIGURES = 56
"""Width of the figures beside the sparklines, with the space between."""
_WIDE = 32
"""Width of the bar of weights."""
_COLOURS = {"healthy": "green", "unhealthy": "red", "inconclusive": "yellow"}


class Live:
    """
    A `Watch` that redraws one panel.

    Args:
        console: A terminal.
        clock: Tells the time left.
    """

    def __init__(self, console: Console, clock: Clock | None = None) -> None:
        self._console, self._clock = console, clock or SystemClock()
        self._seen: Advanced | None = None
        self._screen = Screen(self, console=console, refresh_per_second=2)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._screen.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the last drawing where it is."""
        self._screen.stop()

    def tell(self, event: str, /, **fields: object) -> None:
        """Print what is not on the panel above it."""
        room, _, moment = event.rpartition(".")
        if room != "shift" or moment == "warning":
            self._console.print(Text(f"{room:<9} {sentence(moment, fields)}"))

    def show(self, seen: Advanced) -> None:
        """Draw *seen*."""
        self._seen = seen
        self._screen.refresh()

    def __rich__(self) -> RenderableType:
        """The panel, with the time left as of now."""
        if self._seen is None or self._seen.report is None:
            return Text("looking ...")
        return panel(self._seen.report, self._clock.now().timestamp())


def panel(report: RolloutReport, now: float) -> Panel:
    """
    *report* as a panel.

    Args:
        report: Of the rollout so far.
        now: Seconds since the epoch.
    """
    rollout = report.rollout
    title = (
        f"[bold]{report.name}:{report.alias}[/]  version {rollout.baseline} → "
        f"{rollout.candidate}  [dim]{rollout.strategy.name}[/]"
    )
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name, value in _rows(report, now):
        grid.add_row(name, value)
    parts = Group(grid, Text(), _Graphs(report))
    return Panel(parts, title=title, title_align="left", padding=(1, 2))


def _rows(report: RolloutReport, now: float) -> Iterator[tuple[str, RenderableType]]:
    rollout = report.rollout
    yield "stage", Text(_stage(report))
    yield "traffic", _bar(rollout)
    if report.looks:
        look = report.looks[-1]
        verdict = Text(look.verdict, style=f"bold {_COLOURS[look.verdict]}")
        yield "verdict", verdict.append(f"  {look.why}", style="not bold default")
        if look.move == "hold" and look.reason != look.why:
            yield "holds", Text(look.reason)
        moved = [each for each in report.looks if each.move != "hold"]
        if moved:
            yield "last move", Text(f"{moved[-1].move}: {moved[-1].reason}")
    if not rollout.over:
        yield "time left", Text(_left(report, now))


def _stage(report: RolloutReport) -> str:
    rollout = report.rollout
    here, paused = rollout.here, ", paused" if rollout.paused else ""
    if here is None:
        return f"{rollout.state.value}{paused}"
    count = len(rollout.strategy.stages)
    return f"{rollout.stage + 1} of {count}: {here}{paused}"


def _bar(rollout: Rollout) -> Text:
    part, here = share_of(rollout), rollout.here
    full = round(part * _WIDE)
    said = f"  {share(part)} to version {rollout.candidate}"
    if here is not None and here.kind is Kind.SHADOW:
        said += f", and copies of {share(here.share)}"
    return Text.assemble(("█" * full, "green"), ("░" * (_WIDE - full), "dim"), said)


def _left(report: RolloutReport, now: float) -> str:
    """How long the stage lasts at least, and at most."""
    rollout = report.rollout
    strategy, spent = rollout.strategy, now - rollout.since
    here = rollout.here
    if rollout.state is State.GUARDING:
        return f"{_time(strategy.guard_s - spent)} of the guard"
    patience = f"without a verdict it goes back in {_time(strategy.patience_s - spent)}"
    if here is None:
        return patience
    return f"{_time(here.bake_s - spent)} at least in this stage; {patience}"


def _time(seconds: float) -> str:
    whole = max(0, round(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours} h {minute:02} min" if hours else f"{minute}:{second:02}"


@dataclass(frozen=True, slots=True)
class _Graphs:
    """Both versions in figures, and in sparklines as wide as there is room for."""

    report: RolloutReport

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        room = (options.max_width - _FIGURES) // 2
        yield _graphs(self.report, min(_CELLS, room) if room >= _FEWEST else 0)


def _graphs(report: RolloutReport, count: int) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("", no_wrap=True)
    for column in ("answers", "p95", "", "failed", ""):
        table.add_column(
            column,
            justify="left" if column == "" else "right",
            style="cyan" if column == "" else None,
            no_wrap=True,
        )
    cells = report.cells[-count:] if count else ()
    sides: tuple[tuple[str, Seen, Callable[[Cell], Seen]], ...] = (
        (f"version {report.baseline.version}", report.baseline.seen, _baseline),
        (f"version {report.candidate.version}", report.candidate.seen, _candidate),
    )
    tops = [_top(cells, value, [of for _, _, of in sides]) for value in (_p95, _failed)]
    for name, seen, of in sides:
        p95s, fails = ([value(of(c)) for c in cells] for value in (_p95, _failed))
        rate = _failed(seen)
        table.add_row(
            name, f"{seen.answers:,}", ms(_p95(seen)), sparkline(p95s, tops[0]),
            "-" if rate is None else share(rate), sparkline(fails, tops[1]),
        )  # fmt: skip
    return table


def _top(
    cells: Sequence[Cell],
    value: Callable[[Seen], float | None],
    sides: Sequence[Callable[[Cell], Seen]],
) -> float:
    """Of both versions, so that their sparklines compare."""
    found = (value(of(cell)) for cell in cells for of in sides)
    return max((each for each in found if each is not None), default=0.0)


def sparkline(values: Sequence[float | None], top: float) -> str:
    """*values* from 0 to *top*, a bar each; what is missing is blank."""

    def bar(value: float | None) -> str:
        if value is None:
            return " "
        return _BARS[round((len(_BARS) - 1) * value / top)] if top else _BARS[0]

    return "".join(map(bar, values))


def _baseline(cell: Cell) -> Seen:
    return cell.baseline


def _candidate(cell: Cell) -> Seen:
    return cell.candidate


def _p95(seen: Seen) -> float | None:
    return seen.warm.quantile(0.95) if seen.warm else None


def _failed(seen: Seen) -> float | None:
    return seen.failures / seen.answers if seen.answers else None
