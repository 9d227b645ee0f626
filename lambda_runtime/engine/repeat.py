"""Runs on shapes that came before: tensors made once, over memory lent once.

A run by `Call` makes its input tensor, asks for the output's shape and place, copies
it and gives both back: nine calls through ctypes about the one that computes. Where
shapes repeat, as with requests of one row, all that is left is to copy in, run, and
copy out. The memory is blanked after every run: nothing of a request stays.
"""

from __future__ import annotations

from ctypes import byref, c_char, c_int, c_int64, c_size_t, c_void_p

from lambda_runtime.engine.capi import ELEMENT_TYPES, Handle
from lambda_runtime.record import made
from lambda_runtime.tensor import SIZES, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lambda_runtime.engine.capi import Api

MOST_BYTES = 64 * 1024
"""Larger tensors are not kept: about them, the calls that are saved are nothing."""

_MOST_KEPT = 4
"""Shapes of inputs whose tensors are kept."""

_MOST_SEEN = 64
"""Shapes that are remembered as seen once."""


class Repeats:
    """The shapes of inputs that one list of outputs was asked for with.

    Args:
        api: The library.
        run: Its `Run`, unchecked.
        arguments: Those of `Run`, for any inputs.
    """

    def __init__(self, api: Api, run: Any, arguments: Sequence[Any]) -> None:
        self._how = api, run, arguments
        self._seen: set[tuple[tuple[int, ...], ...]] = set()
        self._kept: list[Repeat] = []
        self._keeps = True

    def run(self, inputs: Mapping[str, Value]) -> dict[str, Value] | None:
        """What a run on *inputs* gives, if its tensors are kept; None if not."""
        for repeat in self._kept:
            outputs = repeat(inputs)
            if outputs is not None:
                return outputs
        return None

    def note(self, inputs: Mapping[str, Value], outputs: Mapping[str, Value]) -> None:
        """Learn from a run from the start; inputs are in the graph's order."""
        if not self._keeps:
            return
        if any(repeat.refused for repeat in self._kept):
            # It refused what a run from the start does not: shapes depend on content.
            self._keeps, self._kept = False, []
            return
        shapes = tuple([tuple(value.shape) for value in inputs.values()])
        if shapes not in self._seen:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen.add(shapes)
        elif repeatable({**inputs, **outputs}):
            self._seen.discard(shapes)
            layout = Repeat(*self._how, inputs, outputs)
            self._kept = [layout, *self._kept[: _MOST_KEPT - 1]]


class Repeat:
    """One layout of inputs and outputs; serves one run at a time.

    Args:
        api: The library.
        run: Its `Run`, unchecked.
        arguments: Those of `Run`; its inputs and outputs are replaced.
        inputs: Values of the shapes to come, by name in the graph's order.
        outputs: What the graph made of them.
    """

    def __init__(
        self,
        api: Api,
        run: Any,
        arguments: Sequence[Any],
        inputs: Mapping[str, Value],
        outputs: Mapping[str, Value],
    ) -> None:
        self.refused = False
        self._api, self._run = api, run
        self._takes = [_Place(api, name, value) for name, value in inputs.items()]
        self._gives = [_Place(api, name, value) for name, value in outputs.items()]
        self._pointers = _pointers(self._takes), _pointers(self._gives)
        session, options, names, _, count, asked, answers, _ = arguments
        self._arguments = (
            session, options, names, byref(self._pointers[0]), count, asked, answers,
            byref(self._pointers[1]),
        )  # fmt: skip

    def __call__(self, inputs: Mapping[str, Value]) -> dict[str, Value] | None:
        """
        The outputs for *inputs*; None if these are of other names, types or shapes.

        None too if the library refuses, and `refused` is set: a run from the start
        says why, or that the outputs' shapes depend on more than the inputs'.
        """
        places = self._takes
        if len(inputs) != len(places):
            return None
        try:
            for place in places:
                dtype, shape, data = inputs[place.name]
                if shape != place.shape or dtype != place.dtype:
                    return None
                place.view[:] = data  # type: ignore[assignment] # or it is a ValueError
            status = self._run(*self._arguments)
            if not status:
                return {place.name: place.read() for place in self._gives}
            self.refused = True
            self._api.ReleaseStatus(status)
            for place in self._gives:
                place.read()
        except (KeyError, TypeError, ValueError):
            return None
        finally:
            for place in places:
                place.view[:] = place.blank
        return None


class _Place:
    """One tensor over memory of our own."""

    def __init__(self, api: Api, name: str, like: Value) -> None:
        self.name, self.dtype, self.shape = name, like.dtype, tuple(like.shape)
        count = 1
        for size in self.shape:
            count *= size
        size = count * SIZES[like.dtype]
        self.blank = bytes(size)
        memory = bytearray(size)
        self.view = memoryview(memory)
        self._lent = c_char.from_buffer(memory)
        shape = (c_int64 * len(self.shape))(*self.shape)
        made_at = api.pointer(
            api.CreateTensorWithDataAsOrtValue, api.cpu, byref(self._lent),
            c_size_t(size), byref(shape), c_size_t(len(self.shape)),
            c_int(ELEMENT_TYPES[like.dtype]),
        )  # fmt: skip
        self.handle = Handle(made_at, api.ReleaseValue)

    def read(self) -> Value:
        """The content, which is blanked."""
        value = made(Value, (self.dtype, self.shape, bytes(self.view)))
        self.view[:] = self.blank
        return value


def repeatable(values: Mapping[str, Value]) -> bool:
    """Whether tensors like *values* may be kept: small, not empty, numbers only."""
    total = 0
    for dtype, shape, _ in values.values():
        size = SIZES.get(dtype, 0) if dtype != "bool" else 0
        for dimension in shape:
            size *= dimension
        if not size:
            return False
        total += size
    return total <= MOST_BYTES


def _pointers(places: Sequence[_Place]) -> Any:
    return (c_void_p * len(places))(*[place.handle.address for place in places])
