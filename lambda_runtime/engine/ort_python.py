"""The second engine: ONNX Runtime's own Python package, with numpy.

For graphs or platforms that the first cannot serve. Both imports cost about 100 ms at
a cold start, so this module is imported only when it was chosen.
"""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the library is loaded

import numpy as np
import onnxruntime as ort

from lambda_runtime.engine.fit import require_fit
from lambda_runtime.engine.options import options_for
from lambda_runtime.engine.refusal import reason
from lambda_runtime.engine.text import encoded_texts
from lambda_runtime.faults import BrokenBundle, Internal
from lambda_runtime.manifest import Tensor
from lambda_runtime.tensor import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lambda_runtime.engine.options import Options
    from lambda_runtime.manifest import Variant

_DTYPES = {
    "tensor(float16)": "float16", "tensor(float)": "float32",
    "tensor(double)": "float64", "tensor(int8)": "int8", "tensor(int16)": "int16",
    "tensor(int32)": "int32", "tensor(int64)": "int64", "tensor(uint8)": "uint8",
    "tensor(uint16)": "uint16", "tensor(uint32)": "uint32", "tensor(uint64)": "uint64",
    "tensor(bool)": "bool", "tensor(string)": "string",
}  # fmt: skip


def open_python(path: str, variant: Variant, *, threads: int) -> PythonSession:
    """
    Open *path* with the onnxruntime package; see `engine.open_session`.

    Raises:
        BrokenBundle: It refuses the graph.
    """
    options = options_for(variant, threads=threads, version=ort.__version__)
    try:
        session = ort.InferenceSession(
            path, _session_options(options), providers=["CPUExecutionProvider"]
        )
    except Exception as refused:  # the package's errors share no other base
        raise BrokenBundle(
            "graph-refused",
            f"ONNX Runtime {ort.__version__} refuses {path}: {reason(str(refused))}",
        ) from refused
    return PythonSession(session, os.path.basename(path))


def _session_options(options: Options) -> Any:
    made = ort.SessionOptions()
    made.enable_mem_pattern = False
    made.graph_optimization_level = ort.GraphOptimizationLevel(options.level)
    made.enable_cpu_mem_arena = options.arena
    made.intra_op_num_threads = options.threads
    made.inter_op_num_threads = 1
    made.log_severity_level = 4
    for key, setting in options.entries:
        made.add_session_config_entry(key, setting)
    return made


class PythonSession:
    """A graph opened by the onnxruntime package."""

    def __init__(self, session: Any, name: str) -> None:
        """Describe *session*; BrokenBundle if an input cannot be served."""
        self._session: Any = session
        self._name = name
        self.inputs = tuple(_taken(node, name) for node in session.get_inputs())
        self.outputs = tuple(
            _tensor(node) for node in session.get_outputs() if node.type in _DTYPES
        )

    def run(
        self, inputs: Mapping[str, Value], outputs: Sequence[str]
    ) -> dict[str, Value]:
        """Compute *outputs* from *inputs*; see `engine.Session`."""
        require_fit(self.inputs, inputs)
        known = {tensor.name: tensor.dtype for tensor in self.outputs}
        for name in outputs:
            if name not in known:
                raise Internal(
                    f"{self._name} has no tensor output {name!r}; it has "
                    f"{', '.join(known)}"
                )
        if self._session is None:
            raise Internal(f"{self._name} was closed")
        feeds = {name: _to_array(name, value) for name, value in inputs.items()}
        try:
            results = self._session.run(list(outputs), feeds)
        except Exception as failed:  # the package's errors share no other base
            raise Internal(f"{self._name} failed: {failed}") from failed
        return {
            name: _from_array(result, known[name])
            for name, result in zip(outputs, results, strict=True)
        }

    def close(self) -> None:
        """Drop the session; safe to call twice."""
        self._session = None


def _taken(node: Any, name: str) -> Tensor:
    if node.type not in _DTYPES:
        raise BrokenBundle(
            "graph-refused",
            f"input {node.name!r} of {name} is {node.type}, no dense tensor of a type "
            "we carry",
        )
    return _tensor(node)


def _tensor(node: Any) -> Tensor:
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return Tensor(node.name, _DTYPES[node.type], shape)


def _to_array(name: str, value: Value) -> Any:
    if value.dtype == "string":
        encoded_texts(name, value.data)  # type: ignore[arg-type] # checked, not used
        flat = np.empty(len(value.data), dtype=object)
        flat[:] = list(value.data)
        return flat.reshape(value.shape)
    view = memoryview(value.data)  # type: ignore[arg-type]
    data = view if view.c_contiguous else view.tobytes()
    return np.frombuffer(data, dtype=value.dtype).reshape(value.shape)


def _from_array(result: Any, dtype: str) -> Value:
    if dtype == "string":
        return Value(dtype, tuple(result.shape), [str(item) for item in result.flat])
    return Value(dtype, tuple(result.shape), np.ascontiguousarray(result).tobytes())
