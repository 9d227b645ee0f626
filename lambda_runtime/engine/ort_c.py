"""The default engine: ONNX Runtime through its C API, with no numpy and no compiler."""

from __future__ import annotations

import ctypes
import os
from ctypes import c_int, c_int64, c_void_p

from lambda_runtime.engine.call import Call
from lambda_runtime.engine.capi import (
    ELEMENT_TYPES,
    ONNX_TYPE_TENSOR,
    Handle,
    OrtError,
    api_at,
)
from lambda_runtime.engine.fit import MAX_RANK, require_fit
from lambda_runtime.engine.library import find_library
from lambda_runtime.engine.options import options_for
from lambda_runtime.faults import BrokenBundle, Internal
from lambda_runtime.manifest import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambda_runtime.engine.capi import Api, Function
    from lambda_runtime.engine.options import Options
    from lambda_runtime.manifest import Variant
    from lambda_runtime.tensor import Value

_MOST_KEPT = 16
"""Different lists of outputs whose calls stay laid out."""

_TYPE_NAMES = {code: name for name, code in ELEMENT_TYPES.items()}


def open_c(path: str, variant: Variant, *, threads: int) -> OrtSession:
    """
    Open *path* with the library that is installed; see `engine.open_session`.

    Raises:
        BrokenBundle: The library is missing or too old, or refuses the graph.
    """
    api = api_at(find_library())
    options = options_for(variant, threads=threads, version=api.version)
    try:
        handle = _create(api, path, options)
        return OrtSession(api, handle, os.path.basename(path))
    except OrtError as refused:
        from lambda_runtime.engine.refusal import reason  # noqa: PLC0415 - if need be

        raise BrokenBundle(
            "graph-refused",
            f"ONNX Runtime {api.version} refuses {path}: {reason(refused.message)}",
        ) from refused


def _create(api: Api, path: str, options: Options) -> Handle:
    made = api.pointer(api.CreateSessionOptions)
    try:
        # Plans are kept for every shape ever seen; batches vary, memory must not.
        api.DisableMemPattern(made)
        if not options.arena:
            api.DisableCpuMemArena(made)
        api.SetSessionGraphOptimizationLevel(made, options.level)
        api.SetIntraOpNumThreads(made, options.threads)
        api.SetInterOpNumThreads(made, 1)
        for key, setting in options.entries:
            api.AddSessionConfigEntry(made, key.encode(), setting.encode())
        session = api.pointer(api.CreateSession, api.env, os.fsencode(path), made)
        return Handle(session, api.ReleaseSession)
    finally:
        api.ReleaseSessionOptions(made)


class OrtSession:
    """A graph opened through the C API; runs may come from several threads."""

    def __init__(self, api: Api, handle: Handle, name: str) -> None:
        """Take over *handle*; BrokenBundle if an input cannot be served."""
        self._api = api
        self._handle: Handle | None = handle
        self._name = name
        self.inputs = _taken(api, handle.address, name)
        self.outputs = _answered(api, handle.address)
        self._idle: dict[tuple[str, ...], list[Call]] = {}

    def run(
        self, inputs: Mapping[str, Value], outputs: Sequence[str]
    ) -> dict[str, Value]:
        """Compute *outputs* from *inputs*; see `engine.Session`."""
        asked = tuple(outputs)
        try:
            # A call serves one run at a time; threads that find none idle make one.
            call = self._idle[asked].pop()
        except (KeyError, IndexError):
            call = self._laid_out(asked)
        try:
            return call.again(inputs) or self._from_the_start(call, inputs)
        except OrtError as failed:
            said = " ".join(failed.message.split())
            raise Internal(f"{self._name} failed: {said}") from failed
        finally:
            self._give_back(asked, call)

    def _from_the_start(
        self, call: Call, inputs: Mapping[str, Value]
    ) -> dict[str, Value]:
        require_fit(self.inputs, inputs)
        outputs = call(inputs)
        call.keep(inputs, outputs)
        return outputs

    def close(self) -> None:
        """Release the session; safe to call twice."""
        # A run that is under way holds the library's session through its call.
        self._handle = None
        self._idle = {}

    def _give_back(self, outputs: tuple[str, ...], call: Call) -> None:
        idle = self._idle.get(outputs)
        if idle is not None:
            idle.append(call)
        elif len(self._idle) < _MOST_KEPT and self._handle is not None:
            # What is asked for may come from requests, so what is kept has a bound.
            self._idle.setdefault(outputs, []).append(call)

    def _laid_out(self, outputs: tuple[str, ...]) -> Call:
        known = {tensor.name: tensor for tensor in self.outputs}
        for name in outputs:
            if name not in known:
                raise Internal(
                    f"{self._name} has no tensor output {name!r}; it has "
                    f"{', '.join(known)}"
                )
        handle = self._handle
        if handle is None:
            raise Internal(f"{self._name} was closed")
        wanted = [known[name] for name in outputs]
        return Call(self._api, handle, self.inputs, wanted)


def _dimensions(api: Api, info: c_void_p) -> tuple[int, ...]:
    rank = api.count(api.GetDimensionsCount, info)
    sizes = (c_int64 * MAX_RANK)()
    api.GetDimensions(info, sizes, MAX_RANK)
    return tuple(sizes[:rank])


def _taken(api: Api, handle: int | None, name: str) -> tuple[Tensor, ...]:
    """The graph's inputs; BrokenBundle if one is nothing that we can make."""
    tensors = []
    for index in range(api.count(api.SessionGetInputCount, handle)):
        called = _name(api, api.SessionGetInputName, handle, index)
        tensor = _tensor(api, api.SessionGetInputTypeInfo, handle, index, called)
        if tensor is None:
            raise BrokenBundle(
                "graph-refused",
                f"input {called!r} of {name} is no dense tensor of a type we carry",
            )
        tensors.append(tensor)
    return tuple(tensors)


def _answered(api: Api, handle: int | None) -> tuple[Tensor, ...]:
    tensors = []
    for index in range(api.count(api.SessionGetOutputCount, handle)):
        called = _name(api, api.SessionGetOutputName, handle, index)
        tensor = _tensor(api, api.SessionGetOutputTypeInfo, handle, index, called)
        if tensor is not None:
            tensors.append(tensor)
    return tuple(tensors)


def _name(api: Api, function: Function, handle: int | None, index: int) -> str:
    pointer = api.pointer(function, handle, index, api.allocator)
    try:
        return ctypes.string_at(pointer).decode()
    finally:
        api.AllocatorFree(api.allocator, pointer)


def _tensor(
    api: Api, function: Function, handle: int | None, index: int, name: str
) -> Tensor | None:
    info = api.pointer(function, handle, index)
    try:
        if _number(api.GetOnnxTypeFromTypeInfo, info) != ONNX_TYPE_TENSOR:
            return None
        # Owned by `info`: cast, not made.
        shape = api.pointer(api.CastTypeInfoToTensorInfo, info)
        dtype = _TYPE_NAMES.get(_number(api.GetTensorElementType, shape))
        if dtype is None:
            return None
        dimensions = tuple(
            None if size < 0 else size for size in _dimensions(api, shape)
        )
        return Tensor(name, dtype, dimensions)
    finally:
        api.ReleaseTypeInfo(info)


def _number(function: Function, info: c_void_p) -> int:
    result = c_int()
    function(info, ctypes.byref(result))
    return result.value
