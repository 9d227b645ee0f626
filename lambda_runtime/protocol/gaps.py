"""Values that the model itself refuses: here they are, before its graph answers them.

Most of scikit-learn raises for a NaN or an infinity; a graph computes on and answers a
label or null. The manifest says what the model was seen to refuse (`Refusal`). Every
good request passes here, so it is looked at as cheaply as can be: the top byte of each
number tells whether it may be one of those. Only then is each looked at.

What only shows on the way through the model (an unknown category behind an imputer, a
logarithm of zero) the graph finds by itself, and says so in an output of its own.

Loaded where a manifest holds refusals or checks.
"""

from __future__ import annotations

from lambda_runtime.faults import BadRequest
from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT
from lambda_runtime.protocol.cast import unpack
from lambda_runtime.record import NamedTuple
from lambda_runtime.tensor import SIZES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from lambda_runtime.manifest import Check, Refusal
    from lambda_runtime.protocol.bind import Plan
    from lambda_runtime.protocol.frames import Frame
    from lambda_runtime.tensor import Value

WORDS = {
    "missing": "no missing values",
    "null": "no missing texts",
    "infinite": "no infinite numbers",
    "large": "no numbers beyond float32's range",
    "unseen": "no unknown categories",
    "outside": "no numbers outside its range",
    "overflow": "no values of which its own steps make missing or infinite ones",
}
"""What the model takes none of, by the `value` of a refusal or check."""

OPENING = "Invalid input. The model takes "
"""How every message of these begins."""

_BEYOND = 3.4028235677973366e38
"""The least number that becomes infinite as a float32."""

_TOPS: dict[str, tuple[int, ...]] = {
    "float64": (0x7F, 0xFF),
    "float32": (0x7F, 0xFF),
    "float16": (*range(0x7C, 0x80), *range(0xFC, 0x100)),
}
"""Top bytes of NaN and infinities; only of them in float16, of few others else."""

_LARGE = (*range(0x47, 0x80), *range(0xC7, 0x100))
"""Top bytes of float64 numbers that may be beyond float32."""


class Guard(NamedTuple):
    """One graph input that may be given what the model refuses."""

    input: str
    step: int
    """Bytes of an element; 0 for texts."""
    names: tuple[str, ...]
    """Its columns in order, or the tensor it is."""
    table: bool
    tops: bytes
    """Top bytes that ask for a closer look; none for texts."""
    refused: tuple[tuple[str, frozenset[str]], ...]
    """What is refused, and in which of `names`."""

    def suspects(self, data: Any) -> bool:
        """Whether *data*, a `Value`'s, may hold what is refused: no false negatives."""
        step = self.step
        if not step:
            return NULL_TEXT in data or NAN_TEXT in data
        tops = bytes(data)[step - 1 :: step]
        return len(tops.translate(None, self.tops)) != len(tops)

    @property
    def large(self) -> bool:
        """Whether numbers that are neither NaN nor infinite may be refused."""
        return len(self.tops) == len(_LARGE)


def guards_for(plans: Sequence[Plan], refusals: Iterable[Refusal]) -> tuple[Guard, ...]:
    """A guard for each input of *plans* that can hold something of *refusals*."""
    made = (_guard(plan, [*refusals]) for plan in plans)
    return tuple([guard for guard in made if guard.refused])


def _guard(plan: Plan, refusals: Sequence[Refusal]) -> Guard:
    names = plan.names if plan.tensor is None else (plan.tensor.name,)
    text = plan.dtype == "string"
    kinds: tuple[str, ...] = ("missing", "null") if text else ()
    if plan.dtype in _TOPS:
        kinds = ("missing", "infinite", "large")
    wanted = [item for item in refusals if item.value in kinds]
    marked = [(item.value, {*(item.of or names)} & {*names}) for item in wanted]
    refused = tuple([(kind, frozenset(found)) for kind, found in marked if found])
    large = plan.dtype == "float64" and any(kind == "large" for kind, _ in refused)
    tops = b"" if text else bytes(_LARGE if large else _TOPS.get(plan.dtype, ()))
    step = 0 if text else SIZES.get(plan.dtype, 0)
    return Guard(plan.input, step, names, plan.tensor is None, tops, refused)


def check(guards: Iterable[Guard], bound: dict[str, Value]) -> dict[str, Value]:
    """
    *bound* as it is, if the model takes all of it.

    Raises:
        BadRequest: It holds what the model refuses; the message names column and row.
    """
    for guard in guards:
        if guard.suspects(bound[guard.input].data):
            _look(guard, bound[guard.input])
    return bound


def _look(guard: Guard, value: Value) -> None:
    """Every element of *value*: its top byte, or its text, was not enough."""
    refused = dict(guard.refused)
    width = len(guard.names)
    row_size = width if guard.table else _product(value.shape[1:])
    for at, element in enumerate(unpack(value.dtype, value.data)):
        name = guard.names[at % width if guard.table else 0]
        for kind in _kinds(element):
            if name in refused.get(kind, ()):
                what = "column" if guard.table else "input"
                where = f"{what} '{name}'" if name else "its input"
                row = at // row_size
                raise BadRequest(
                    f"{OPENING}{WORDS[kind]} in {where}, but row {row} holds one."
                )


def _kinds(element: Any) -> tuple[str, ...]:
    """What *element* is, in the words of refusals."""
    if isinstance(element, str):
        if element == NULL_TEXT:
            return ("null",)
        return ("missing",) if element == NAN_TEXT else ()
    if element != element:  # noqa: PLR0124 - NaN alone
        return ("missing",)
    if element - element != 0:
        return ("infinite",)
    return ("large",) if abs(element) >= _BEYOND else ()


def pass_checked(checks: Sequence[Check], found: Value) -> None:
    """
    Nothing, if *found*, the graph's output `CHECKED`, is 0 in every row.

    Raises:
        BadRequest: The model raises for a row; the message names the first.
    """
    if not bytes(found.data).strip(b"\0"):  # type: ignore[arg-type] # never texts
        return
    for row, place in enumerate(unpack(found.dtype, found.data)):
        if place:
            value, of = checks[place - 1]
            where = f" in column '{of}'" if of else ""
            raise BadRequest(
                f"{OPENING}{WORDS[value]}{where}, but row {row} holds one."
            )


def _product(sizes: Iterable[int]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def kept(refusals: Iterable[Refusal], columns: Iterable[str]) -> Sequence[str]:
    """Those of *columns* that a request may not leave out."""
    every = tuple(columns)
    absent = (item for item in refusals if item.value == "absent")
    return [name for item in absent for name in item.of or every]


def require(frame: Frame, columns: Iterable[str]) -> None:
    """
    Refuse a table without one of *columns*: optional, but the model needs them.

    Raises:
        BadRequest: One is not there.
    """
    for name in columns:
        if frame.column(name) is None:
            raise BadRequest(
                f"{OPENING}no tables without column '{name}', although its signature "
                "calls it optional."
            )
