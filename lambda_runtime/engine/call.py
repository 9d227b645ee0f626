"""One run's arguments in C, laid out once and used again.

Through ctypes a run is a dozen calls, and what they cost is not C but the conversion
of their arguments: 35 us about a 1-row run that takes the library 4. Here whatever can
be is converted when the call is laid out, into `cparam`s that ctypes hands on as they
are; so these functions are bound without argument types (`Api.raw`).
"""

from __future__ import annotations

import ctypes
from ctypes import byref, c_char_p, c_int, c_int64, c_size_t, c_void_p

from lambda_runtime.engine.borrow import borrowed
from lambda_runtime.engine.capi import ELEMENT_TYPES
from lambda_runtime.engine.fit import MAX_RANK
from lambda_runtime.tensor import SIZES, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lambda_runtime.engine.capi import Api, Handle
    from lambda_runtime.engine.repeat import Repeats
    from lambda_runtime.manifest import Tensor

_POINTER = ctypes.sizeof(c_void_p)
_NULL = c_void_p.from_param(None)
_LATER = 3
"""The run that shows that there are later requests: one warms up, one answers."""

_RANKS = tuple(c_size_t.from_param(rank) for rank in range(MAX_RANK + 1))


class Call:
    """The arguments of runs that ask for *outputs*; serves one run at a time."""

    def __init__(
        self,
        api: Api,
        session: Handle,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
    ) -> None:
        values, slots_in = _slots(len(inputs))
        results, slots_out = _slots(len(outputs))
        self._inputs = [
            _Input(api, tensor, slot)
            for tensor, slot in zip(inputs, slots_in, strict=True)
        ]
        self._outputs = [
            _Output(api, tensor, slot)
            for tensor, slot in zip(outputs, slots_out, strict=True)
        ]
        self._slots = (*slots_in, *slots_out)
        self._names = _names(inputs), _names(outputs)
        self._check, self._release = api.check, api.raw("ReleaseValue")
        self._run = api.raw("Run")
        self._session = session  # lives as long as any call of it
        self._api = api
        self._runs = 0
        self._repeats: Repeats | None = None
        self._arguments = (
            c_void_p.from_param(session.address),
            _NULL,
            byref(self._names[0]),
            byref(values),
            c_size_t.from_param(len(inputs)),
            byref(self._names[1]),
            c_size_t.from_param(len(outputs)),
            byref(results),
        )

    def again(self, inputs: Mapping[str, Value]) -> dict[str, Value] | None:
        """What a run on *inputs* gives, if its tensors are kept; None if not."""
        return self._repeats.run(inputs) if self._repeats else None

    def keep(self, inputs: Mapping[str, Value], outputs: Mapping[str, Value]) -> None:
        """Keep tensors for inputs of these shapes, once they have come before."""
        self._runs += 1
        if self._repeats is None and self._runs == _LATER:
            from lambda_runtime.engine.repeat import Repeats  # noqa: PLC0415 - never at a cold start

            self._repeats = Repeats(self._api, self._run, self._arguments)
        if self._repeats is not None:
            ordered = {item.name: inputs[item.name] for item in self._inputs}
            self._repeats.note(ordered, outputs)

    def __call__(self, inputs: Mapping[str, Value]) -> dict[str, Value]:
        """
        Run on *inputs*, which fit the graph.

        Raises:
            OrtError: The library says no.
            BadRequest: A text that cannot be one.
            Internal: An answer that is not text.
        """
        try:
            # What is lent must outlive the reading: an answer may be an input.
            _lent = [item.fill(inputs[item.name]) for item in self._inputs]
            status = self._run(*self._arguments)
            if status:
                self._check(status)
            return {item.name: item.read() for item in self._outputs}
        finally:
            for slot in self._slots:
                if slot.value is not None:
                    self._release(slot)
                    slot.value = None


class _Input:
    """One input's place in the call."""

    def __init__(self, api: Api, tensor: Tensor, slot: c_void_p) -> None:
        self.name = tensor.name
        self._api, self._slot, self._at = api, slot, byref(slot)
        self._shape = (c_int64 * MAX_RANK)()
        self._shape_at = byref(self._shape)
        self._code = c_int.from_param(ELEMENT_TYPES[tensor.dtype])
        self._size = SIZES.get(tensor.dtype, 0)
        self._cpu = c_void_p.from_param(api.cpu.value)
        self._make = api.raw("CreateTensorWithDataAsOrtValue")

    def fill(self, value: Value) -> object:
        """Make the tensor; return what lends it its memory."""
        rank = len(value.shape)
        self._shape[:rank] = value.shape  # type: ignore[call-overload] # any sequence
        if not self._size:
            self._fill_text(value.data, rank)  # type: ignore[arg-type]
            return None
        pointer, size, owner = borrowed(value.data, self._size)  # type: ignore[arg-type]
        status = self._make(
            self._cpu, pointer, size, self._shape_at, _RANKS[rank], self._code, self._at
        )
        if status:
            self._api.check(status)
        return owner

    def _fill_text(self, texts: Sequence[str], rank: int) -> None:
        self._api.CreateTensorAsOrtValue(
            self._api.allocator, self._shape_at, rank, ELEMENT_TYPES["string"], self._at
        )
        from lambda_runtime.engine.text import fill_strings  # noqa: PLC0415 - if any

        fill_strings(self._api, self._slot, self.name, texts)


class _Output:
    """One output's place in the call."""

    def __init__(self, api: Api, tensor: Tensor, slot: c_void_p) -> None:
        self.name, self._dtype = tensor.name, tensor.dtype
        self._api, self._slot = api, slot
        self._size = SIZES.get(tensor.dtype, 0)
        self._info, self._rank, self._data = c_void_p(), c_size_t(), c_void_p()
        self._shape = (c_int64 * MAX_RANK)()
        self._info_at, self._rank_at = byref(self._info), byref(self._rank)
        self._shape_at, self._data_at = byref(self._shape), byref(self._data)
        self._get_info = api.raw("GetTensorTypeAndShape")
        self._get_rank = api.raw("GetDimensionsCount")
        self._get_shape = api.raw("GetDimensions")
        self._get_data = api.raw("GetTensorMutableData")
        self._drop_info = api.raw("ReleaseTensorTypeAndShapeInfo")

    def read(self) -> Value:
        """The tensor, copied into Python's memory."""
        shape = self._read_shape()
        count = 1
        for dimension in shape:
            count *= dimension
        if not self._size:
            from lambda_runtime.engine.text import read_strings  # noqa: PLC0415 - if any

            texts = read_strings(self._api, self._slot, count, self.name)
            return Value(self._dtype, shape, texts)
        size = count * self._size
        if not size:
            return Value(self._dtype, shape, b"")
        status = self._get_data(self._slot, self._data_at)
        if status:
            self._api.check(status)
        return Value(self._dtype, shape, ctypes.string_at(self._data, size))

    def _read_shape(self) -> tuple[int, ...]:
        status = self._get_info(self._slot, self._info_at)
        if status:
            self._api.check(status)
        status = self._get_rank(self._info, self._rank_at) or self._get_shape(
            self._info, self._shape_at, _RANKS[MAX_RANK]
        )
        self._drop_info(self._info)
        if status:
            self._api.check(status)
        return tuple(self._shape[: self._rank.value])


def _slots(count: int) -> tuple[Any, list[c_void_p]]:
    """An array of pointers for C, and its elements as values of their own."""
    array = (c_void_p * count)()
    return array, [c_void_p.from_buffer(array, i * _POINTER) for i in range(count)]


def _names(tensors: Sequence[Tensor]) -> Any:
    return (c_char_p * len(tensors))(*(tensor.name.encode() for tensor in tensors))
