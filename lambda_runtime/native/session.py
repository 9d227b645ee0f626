"""A loaded model behind the same small Protocol as a graph."""

from __future__ import annotations

import os
import warnings

from lambda_runtime.engine.fit import require_fit
from lambda_runtime.faults import BadRequest, Internal
from lambda_runtime.native.libraries import leave_out, prepare
from lambda_runtime.native.load import load
from lambda_runtime.native.outcome import values_of
from lambda_runtime.native.recipe import recipe_of
from lambda_runtime.native.table import preparer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambda_runtime.manifest import Manifest
    from lambda_runtime.native.load import Predict
    from lambda_runtime.native.table import Prepare
    from lambda_runtime.tensor import Value


def open_native(manifest: Manifest, path: str, *, threads: int) -> NativeSession:
    """
    Load the model whose MLmodel file is at *path*.

    Args:
        manifest: Its `options["native"]` says how.
        path: The variant's file; the model's other files lie around it.
        threads: Threads that one run may use, >= 1.

    Raises:
        BrokenBundle: `engine-missing`, `model-refused`, or `manifest-malformed`.
    """
    recipe = recipe_of(manifest.options)
    prepare(threads)
    if recipe.matrix:
        leave_out("pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # versions: the deployer has compared them
        predict = load(os.path.dirname(path), recipe)
        shape = preparer(manifest, recipe.matrix)
    return NativeSession(manifest, predict, shape)


class NativeSession:
    """
    A model of its own library, ready to be asked.

    Args:
        manifest: What it takes and answers.
        predict: The model.
        shape: Makes what *predict* takes from bound inputs.
    """

    def __init__(self, manifest: Manifest, predict: Predict, shape: Prepare) -> None:
        self.inputs = manifest.inputs
        self.outputs = manifest.outputs
        self._form = manifest.answer.form
        self._dtypes = {tensor.name: tensor.dtype for tensor in manifest.outputs}
        self._shape: Prepare | None = shape
        self._predict: Predict | None = predict

    def run(
        self, inputs: Mapping[str, Value], outputs: Sequence[str]
    ) -> dict[str, Value]:
        """
        Ask the model; see `engine.Session`.

        Raises:
            BadRequest: The model refuses these rows: as MLflow's server, we take that
                for the caller's mistake, and say no more than the error's name.
            Internal: It answers something else than the manifest says.
        """
        require_fit(self.inputs, inputs)
        for name in outputs:
            if name not in self._dtypes:
                raise Internal(f"The model has no output {name!r}.")
        if self._predict is None or self._shape is None:
            raise Internal("The model was closed.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                answer = self._predict(self._shape(inputs))
            except MemoryError:
                raise
            except Exception as cause:
                raise BadRequest(
                    "Encountered an unexpected error while evaluating the model: "
                    f"{type(cause).__name__}. Verify that the input is compatible with "
                    "the model for inference."
                ) from cause
            wanted = {name: self._dtypes[name] for name in outputs}
            return values_of(answer, self._form, wanted)

    def close(self) -> None:
        """Let go of the model; safe to call twice."""
        self._predict = self._shape = None
