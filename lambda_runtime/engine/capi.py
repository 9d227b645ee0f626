"""The part of ONNX Runtime's C API that serving uses, bound through ctypes.

`OrtApi` (onnxruntime_c_api.h) is a table of function pointers to which new releases
only append, so a function is known by its place in it. Every function that returns an
`OrtStatus*` raises `OrtError` instead; the status is released here and nowhere else.
"""

from __future__ import annotations

import ctypes
import os
from _thread import allocate_lock
from ctypes import c_char_p, c_int, c_size_t, c_uint32, c_void_p

from lambda_runtime.faults import BrokenBundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]

API_VERSION = 15
"""The oldest table that has every function below (onnxruntime 1.15)."""

ELEMENT_TYPES = {
    "float32": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6,
    "int64": 7, "string": 8, "bool": 9, "float16": 10, "float64": 11, "uint32": 12,
    "uint64": 13,
}  # fmt: skip
"""`ONNXTensorElementDataType` by our names."""

ONNX_TYPE_TENSOR = 1
"""`ONNXType` of a dense tensor; sequences, maps and optionals are others."""

LOG_FATAL = 4
"""Every error reaches us as a status; standard error stays for our own events."""

_P = c_void_p

_STATUS: dict[str, tuple[int, tuple[Any, ...]]] = {
    "CreateEnv": (3, (c_int, c_char_p, _P)),
    "CreateSession": (7, (_P, c_char_p, _P, _P)),
    "Run": (9, (_P, _P, _P, _P, c_size_t, _P, c_size_t, _P)),
    "CreateSessionOptions": (10, (_P,)),
    "DisableMemPattern": (17, (_P,)),
    "DisableCpuMemArena": (19, (_P,)),
    "SetSessionGraphOptimizationLevel": (23, (_P, c_int)),
    "SetIntraOpNumThreads": (24, (_P, c_int)),
    "SetInterOpNumThreads": (25, (_P, c_int)),
    "SessionGetInputCount": (30, (_P, _P)),
    "SessionGetOutputCount": (31, (_P, _P)),
    "SessionGetInputTypeInfo": (33, (_P, c_size_t, _P)),
    "SessionGetOutputTypeInfo": (34, (_P, c_size_t, _P)),
    "SessionGetInputName": (36, (_P, c_size_t, _P, _P)),
    "SessionGetOutputName": (37, (_P, c_size_t, _P, _P)),
    "CreateTensorAsOrtValue": (48, (_P, _P, c_size_t, c_int, _P)),
    "CreateTensorWithDataAsOrtValue": (
        49,
        (_P, _P, c_size_t, _P, c_size_t, c_int, _P),
    ),
    "GetTensorMutableData": (51, (_P, _P)),
    "FillStringTensor": (52, (_P, _P, c_size_t)),
    "GetStringTensorDataLength": (53, (_P, _P)),
    "GetStringTensorContent": (54, (_P, _P, c_size_t, _P, c_size_t)),
    "CastTypeInfoToTensorInfo": (55, (_P, _P)),
    "GetOnnxTypeFromTypeInfo": (56, (_P, _P)),
    "GetTensorElementType": (60, (_P, _P)),
    "GetDimensionsCount": (61, (_P, _P)),
    "GetDimensions": (62, (_P, _P, c_size_t)),
    "GetTensorTypeAndShape": (65, (_P, _P)),
    "CreateCpuMemoryInfo": (69, (c_int, c_int, _P)),
    "AllocatorFree": (76, (_P, _P)),
    "GetAllocatorWithDefaultOptions": (78, (_P,)),
    "AddSessionConfigEntry": (130, (_P, c_char_p, c_char_p)),
    "GetResizedStringTensorElementBuffer": (252, (_P, c_size_t, c_size_t, _P)),
}
"""Name: place in the table, argument types. Each returns `OrtStatus*`, null for well;
pointers to results come last."""

_PLAIN: dict[str, tuple[int, Any, tuple[Any, ...]]] = {
    "GetErrorMessage": (2, c_char_p, (_P,)),
    "ReleaseStatus": (93, None, (_P,)),
    "ReleaseSession": (95, None, (_P,)),
    "ReleaseValue": (96, None, (_P,)),
    "ReleaseTypeInfo": (98, None, (_P,)),
    "ReleaseTensorTypeAndShapeInfo": (99, None, (_P,)),
    "ReleaseSessionOptions": (100, None, (_P,)),
}
"""Name: place in the table, what it returns, argument types. These cannot fail."""


class OrtError(Exception):
    """A status other than well, as the library words it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Api:
    """
    The function table of one loaded library, and the process's one environment.

    Functions are attributes by their C names (`api.Run`), bound when first asked for.
    """

    def __init__(self, path: str) -> None:
        """Load *path*; BrokenBundle if it cannot be used."""
        # Wheels from 1.29 report home unless told otherwise before they are loaded.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        self._library = _load(path)
        self.version, self._table = _table(self._library, path)
        # Held by the process, as every session refers to them.
        self._env: c_void_p | None = None
        self._making = allocate_lock()
        self.allocator = self.pointer(self.GetAllocatorWithDefaultOptions)
        self.cpu = self.pointer(self.CreateCpuMemoryInfo, 0, 0)

    @property
    def env(self) -> c_void_p:
        """The process's one environment: made when first asked for, by any thread."""
        with self._making:
            if self._env is None:
                self._env = self.pointer(self.CreateEnv, LOG_FATAL, b"serverless")
            return self._env

    def __getattr__(self, name: str) -> Function:
        """Bind the function *name*; later look-ups find it on the instance."""
        if name in _STATUS:
            index, arguments = _STATUS[name]
            function = _function(self._table[index], c_void_p, arguments)
            function.errcheck = self._check_result
        elif name in _PLAIN:
            index, result, arguments = _PLAIN[name]
            function = _function(self._table[index], result, arguments)
        else:
            raise AttributeError(name)
        setattr(self, name, function)
        return function  # type: ignore[no-any-return]

    def pointer(self, function: Function, *arguments: object) -> c_void_p:
        """Call *function* and return the pointer it leaves in its last argument."""
        result = c_void_p()
        function(*arguments, ctypes.byref(result))
        return result

    def count(self, function: Function, *arguments: object) -> int:
        """Call *function* and return the number it leaves in its last argument."""
        result = c_size_t()
        function(*arguments, ctypes.byref(result))
        return result.value

    def raw(self, name: str) -> Function:
        """
        The function *name* without conversion of arguments or check of the result.

        For calls on every request: the caller passes ctypes values only, and hands
        a status that is not null to `check`.
        """
        if name in _STATUS:
            return _function(self._table[_STATUS[name][0]], c_void_p, None)  # type: ignore[no-any-return]
        index, result, _ = _PLAIN[name]
        return _function(self._table[index], result, None)  # type: ignore[no-any-return]

    def check(self, status: int | None) -> None:
        """Release *status* and raise OrtError, unless it is null, which is well."""
        if status is not None:
            message: bytes = self.GetErrorMessage(status)
            text = message.decode("utf-8", "replace")
            self.ReleaseStatus(status)
            raise OrtError(text)

    def _check_result(
        self, status: int | None, _function: object, _arguments: object
    ) -> None:
        self.check(status)


class Handle:
    """Something of the library's, given back when nobody refers to it any more."""

    def __init__(self, address: c_void_p, release: Function) -> None:
        self.address = address.value
        self._release = release

    def __del__(self) -> None:
        """Give it back."""
        self._release(self.address)


def _function(address: int, result: Any, arguments: tuple[Any, ...] | None) -> Any:
    function = _prototype(result)(address)
    if arguments is not None:
        function.argtypes = arguments
    return function


_PROTOTYPES: dict[Any, Any] = {}


def _prototype(result: Any) -> Any:
    # One class per return type; argument types are set on the instances.
    if result not in _PROTOTYPES:
        _PROTOTYPES[result] = ctypes.CFUNCTYPE(result)
    return _PROTOTYPES[result]


def _load(path: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(path)
    except OSError as cause:
        raise BrokenBundle(
            "engine-missing", f"{path} cannot be loaded as a library: {cause}"
        ) from cause


def _table(library: ctypes.CDLL, path: str) -> tuple[str, Any]:
    """The library's version and its function table."""
    try:
        get_base = library.OrtGetApiBase
    except AttributeError as cause:
        raise BrokenBundle("engine-missing", f"{path} is not ONNX Runtime") from cause
    get_base.restype = ctypes.POINTER(c_void_p)
    base = get_base()
    version = ctypes.CFUNCTYPE(c_char_p)(base[1])().decode()
    table = ctypes.CFUNCTYPE(c_void_p, c_uint32)(base[0])(API_VERSION)
    if not table:
        raise BrokenBundle(
            "engine-version",
            f"ONNX Runtime {version} ({path}) does not offer C API {API_VERSION}; "
            "onnxruntime 1.15 or newer is needed",
        )
    return version, ctypes.cast(table, ctypes.POINTER(c_void_p))


_LOADED: dict[str, Api] = {}


def api_at(path: str) -> Api:
    """The library at *path*, loaded once in a process."""
    if path not in _LOADED:
        _LOADED[path] = Api(path)
    return _LOADED[path]


__all__ = [
    "ELEMENT_TYPES", "ONNX_TYPE_TENSOR", "Api", "Handle",
    "OrtError", "api_at",
]  # fmt: skip
