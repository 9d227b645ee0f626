"""Events, and how to show them: on a terminal, one line a step, as JSON, or not at all.

Code tells what happens as `room.moment` with fields; `what` is for people, `seconds`
is how long it took, the rest is data. Moments: `start`, `done`, `kept` (made earlier,
nothing to do), `step` (one of several, begun), `progress` (`part`, 0 to 1), `warning`.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlflow_serverless.world import Tell

if TYPE_CHECKING:
    from rich.status import Status


class Reporter(Tell, Protocol):
    """A `Tell` that may hold the terminal until it is closed."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back."""
        ...


class _Reporter:
    """Holds nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Silent(_Reporter):
    """Shows nothing."""

    def __call__(self, event: str, /, **fields: object) -> None:
        """Drop the event."""


class JsonLines(_Reporter):
    """
    One JSON object an event, for programs.

    Args:
        out: Where lines go.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __call__(self, event: str, /, **fields: object) -> None:
        """Write the event with the time it was told."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "event": event, **fields}
        print(json.dumps(line, default=str), file=self._out, flush=True)


class Lines(_Reporter):
    """
    One line a step, for logs.

    Args:
        out: Where lines go.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __call__(self, event: str, /, **fields: object) -> None:
        """Write the event, unless it only says that something goes on."""
        room, _, moment = event.rpartition(".")
        if moment not in {"start", "progress"}:
            print(f"{room:<9} {sentence(moment, fields)}", file=self._out, flush=True)


class Terminal(_Reporter):
    """
    A line for each step done, and a spinner for the one that runs.

    Args:
        console: A rich console.
    """

    _MARKS: dict[str, str] = {"kept": "[dim]=[/]", "warning": "[yellow]![/]"}  # noqa: RUF012 - a table

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None

    def __exit__(self, *_: object) -> None:
        self._rest()

    def __call__(self, event: str, /, **fields: object) -> None:
        """Show the event."""
        room, _, moment = event.rpartition(".")
        if moment in {"start", "step", "progress"}:
            self._spin(room, fields)
            return
        if moment != "warning":
            self._rest()
        line = Table.grid(padding=(0, 1))
        line.add_column(width=1)
        line.add_column(min_width=9)
        line.add_column(overflow="fold")
        mark = self._MARKS.get(moment, "[green]✓[/]")
        line.add_row(mark, f"[bold]{room}[/]", Text(sentence(moment, fields)))
        self._console.print(line)

    def _spin(self, room: str, fields: dict[str, object]) -> None:
        what = fields.get("what") or fields.get("step") or ""
        text = f"{room} {what}".rstrip()
        part = fields.get("part")
        if isinstance(part, int | float):
            text = f"{text} {part:.0%}"
        # As it is: what is in brackets is no markup, as in `mlflow[extras]`.
        if self._status is None:
            self._status = self._console.status(Text(text))
            self._status.start()
        else:
            self._status.update(Text(text))

    def _rest(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def sentence(moment: str, fields: dict[str, object]) -> str:
    """What an event says, in one line."""
    what = str(fields.get("what") or fields.get("step") or _data(fields))
    seconds = fields.get("seconds")
    if moment == "kept":
        return f"{what} (unchanged)"
    if isinstance(seconds, int | float) and moment == "done":
        return f"{what} ({seconds:.1f} s)"
    silent = {"done", "warning", "step"}
    return what if moment in silent else f"{moment} {what}".rstrip()


def _data(fields: dict[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in fields.items())


def reporter(out: TextIO, *, style: str = "auto") -> Reporter:
    """
    The reporter for *out*.

    Args:
        out: Usually standard error, so that results alone go to standard output.
        style: `auto` (a terminal gets the spinner, all else one line a step),
            `json`, or `silent`.
    """
    if style == "silent":
        return Silent()
    if style == "json":
        return JsonLines(out)
    return Terminal(Console(file=out)) if out.isatty() else Lines(out)


class Step:
    """What one step has to say at its end."""

    def __init__(self) -> None:
        self.fields: dict[str, object] = {}
        self.fresh = True

    def say(self, what: str, *, fresh: bool = True, **data: object) -> None:
        """Set the sentence, the data, and whether any work was done."""
        self.fields = {"what": what, **data}
        self.fresh = fresh


@contextmanager
def step(tell: Tell, room: str, what: str = "") -> Iterator[Step]:
    """Tell that *room* starts, and that it is done with what it said."""
    tell(f"{room}.start", what=what)
    begun = perf_counter()
    said = Step()
    yield said
    moment = "done" if said.fresh else "kept"
    tell(f"{room}.{moment}", **said.fields, seconds=round(perf_counter() - begun, 3))
