"""Categories to numbers."""

from typing import Any

import numpy as np
from onnx import numpy_helper
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from mlflow_serverless.convert.errors import NoConversionError
from mlflow_serverless.convert.lower.builder import ML
from mlflow_serverless.convert.lower.checks import refuse
from mlflow_serverless.convert.lower.frame import frame_of
from mlflow_serverless.convert.lower.registry import Data, lowers
from mlflow_serverless.convert.lower.symbol import Array, Sym
from mlflow_serverless.convert.recipes.impute import is_nan, text_of

_NOWHERE = -1
"""The position of a category that sets no column; what is refused has it, too."""


@lowers(OneHotEncoder)
def one_hot_encoder(encoder: Any, data: Data) -> Sym:
    """One column a category; unknown ones as `handle_unknown` says."""
    frame, found = frame_of(data), _found(encoder, data)
    kind = "float32" if np.dtype(encoder.dtype) == np.float32 else "float64"
    parts = []
    for i, code in enumerate(found):
        places = _one_hot_places(encoder, i)
        width = encoder._n_features_outs[i]  # noqa: SLF001 - no public name
        if not width:
            continue
        place = frame.graph.gather(places, code)
        parts.append(place.equals(np.arange(width)[None, :]).cast(kind))
    if not parts:
        why = "it keeps no category at all"
        raise NoConversionError(why, of="OneHotEncoder")
    return frame.graph.concat(parts)


@lowers(OrdinalEncoder)
def ordinal_encoder(encoder: Any, data: Data) -> Sym:
    """One number a column: the position of its category."""
    frame = frame_of(data)
    kind = "float32" if np.dtype(encoder.dtype) == np.float32 else "float64"
    parts = [
        frame.graph.gather(_ordinals(encoder, i).astype(kind), code)
        for i, code in enumerate(_found(encoder, data))
    ]
    return frame.graph.concat(parts)


def _found(encoder: Any, data: Data) -> list[Sym]:
    """Each column's codes; unknown values are refused if they must be an error."""
    frame = frame_of(data)
    known = encoder.categories_
    found = [codes(frame.single(i), categories) for i, categories in enumerate(known)]
    if encoder.handle_unknown == "error" and found:
        sizes = np.array([len(categories) for categories in known])[None, :]
        unknown = frame.graph.concat(found).equals(sizes)
        refuse(unknown, "unseen", frame.sources)
    return found


def codes(column: Sym, categories: Array) -> Sym:
    """Position of each value in *categories*, or their number if it is not there."""
    size = len(categories)
    if column.dtype == "string":
        return column.graph.lookup(column, _texts(categories), missing=size)
    try:
        keys = np.asarray(categories).astype(np.float64)
    except (TypeError, ValueError) as cause:
        why = f"its categories {list(categories)[:5]} are not those of a numeric column"
        raise NoConversionError(why, of="the encoder") from cause
    value = column.cast("float64") + 0.0  # one zero: -0.0 hashes differently
    return column.graph.op(
        "LabelEncoder", value, dtype="int64", shape=column.shape, domain=ML,
        keys_tensor=numpy_helper.from_array(keys + 0.0),
        values_tensor=numpy_helper.from_array(np.arange(size)),
        default_tensor=numpy_helper.from_array(np.array([size])),
    )  # fmt: skip


def _texts(categories: Array) -> list[str]:
    strange = [
        c for c in categories if not (isinstance(c, str) or c is None or is_nan(c))
    ]
    if strange:
        why = f"category {strange[0]!r} of a text column is no text"
        raise NoConversionError(why, of="the encoder")
    return [text_of(category) for category in categories]


def _grouping(encoder: Any, feature: int) -> Array | None:
    """Where infrequent categories are grouped, if they are."""
    if not encoder._infrequent_enabled:  # noqa: SLF001 - no public name
        return None
    mapping: Array | None = encoder._default_to_infrequent_mappings[feature]  # noqa: SLF001
    return mapping


def _one_hot_places(encoder: Any, feature: int) -> Array:
    """The column that each category sets; one more entry for unknown values."""
    size = len(encoder.categories_[feature])
    grouping = _grouping(encoder, feature)
    places = np.arange(size) if grouping is None else np.asarray(grouping)
    unknown = _NOWHERE
    if grouping is not None and encoder.handle_unknown in {
        "infrequent_if_exist",
        "warn",
    }:
        unknown = int(places[encoder._infrequent_indices[feature][0]])  # noqa: SLF001
    table = np.append(places, unknown)
    dropped = encoder._drop_idx_after_grouping  # noqa: SLF001 - no public name
    if dropped is None or dropped[feature] is None:
        return table.astype(np.int64)
    gone = int(dropped[feature])
    below = np.where(table > gone, table - 1, table)
    return np.where(table == gone, _NOWHERE, below).astype(np.int64)


def _ordinals(encoder: Any, feature: int) -> Array:
    """The number of each category; one more entry for unknown values."""
    size = len(encoder.categories_[feature])
    missing = encoder._missing_indices.get(feature)  # noqa: SLF001 - no public name
    grouping = _grouping(encoder, feature)
    numbers = np.arange(size)
    if grouping is not None:
        kept = numbers == missing
        numbers = np.where(kept, numbers, np.take(grouping, np.where(kept, 0, numbers)))
    values = numbers.astype(np.float64)
    if missing is not None:
        values[numbers == missing] = encoder.encoded_missing_value
    unknown = encoder.handle_unknown == "use_encoded_value"
    return np.append(values, float(encoder.unknown_value) if unknown else _NOWHERE)
