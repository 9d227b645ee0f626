"""What the model returned, as the outputs that its manifest promises."""

from __future__ import annotations

from lambda_runtime.faults import Internal
from lambda_runtime.manifest import NAN_TEXT, NULL_TEXT
from lambda_runtime.native.libraries import library
from lambda_runtime.tensor import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

WHOLE = "answer"
"""The output of a model that answers with one bare array."""


def values_of(answer: Any, form: str, dtypes: Mapping[str, str]) -> dict[str, Value]:
    """
    *answer* as named outputs.

    Args:
        answer: What `predict` returned.
        form: The manifest's `Answer.form`.
        dtypes: Element type of each output.

    Raises:
        Internal: It is not what the manifest says.
    """
    parts = _parts(answer, form)
    lacking = [name for name in dtypes if name not in parts]
    if lacking:
        raise Internal(f"The model's answer has no {lacking[0]!r}.")
    return {name: _value(name, parts[name], dtype) for name, dtype in dtypes.items()}


def _parts(answer: Any, form: str) -> dict[str, Any]:
    if form == "array":
        return {WHOLE: answer}
    if hasattr(answer, "to_frame"):
        # A Series; without a name it is column 0, as for MLflow's server.
        return {str(0 if answer.name is None else answer.name): answer}
    if hasattr(answer, "items"):
        # Columns of a DataFrame, or entries of a mapping.
        return {str(name): part for name, part in answer.items()}
    if isinstance(answer, list | tuple) and answer and hasattr(answer[0], "items"):
        names = {str(name): name for row in answer for name in row}
        return {text: [row.get(n) for row in answer] for text, n in names.items()}
    raise Internal(f"The model answered with a {type(answer).__name__}.")


def _value(name: str, part: Any, dtype: str) -> Value:
    array = _array(part)
    if dtype == "string":
        return Value(dtype, tuple(array.shape), [_text(item) for item in array.flat])
    if array.dtype == object:
        array = library("numpy").asarray(array.tolist())
    made = array if array.dtype == dtype else _widened(name, array, dtype)
    return Value(dtype, tuple(made.shape), made.tobytes())


def _widened(name: str, array: Any, dtype: str) -> Any:
    """*array* as *dtype*, if every number stays what it is."""
    with library("numpy").errstate(all="ignore"):
        made = array.astype(dtype)
        back = made.astype(array.dtype)
    if not ((back == array) | (made != made)).all():  # noqa: PLR0124 - NaN alone
        raise Internal(f"Output {name!r} is {array.dtype}, not {dtype}.")
    return made


def _array(part: Any) -> Any:
    if hasattr(part, "toarray"):  # scipy's sparse matrices
        part = part.toarray()
    if hasattr(part, "detach"):  # torch
        part = part.detach().cpu().numpy()
    if hasattr(part, "to_numpy"):
        part = part.to_numpy()
    return library("numpy").asarray(part)


def _text(item: Any) -> str:
    if item is None:
        return NULL_TEXT
    if isinstance(item, float) and item != item:  # noqa: PLR0124 - NaN alone
        return NAN_TEXT
    return str(item)
