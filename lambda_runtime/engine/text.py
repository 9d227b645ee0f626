"""String tensors in and out of ONNX Runtime."""

from __future__ import annotations

import ctypes
from ctypes import c_char_p, c_size_t, c_void_p

from lambda_runtime.faults import BadRequest, Internal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambda_runtime.engine.capi import Api


def fill_strings(api: Api, value: c_void_p, name: str, texts: Sequence[str]) -> None:
    """
    Write *texts* into the string tensor *value*, which has as many elements.

    Raises:
        BadRequest: One of them is no text, or not valid Unicode.
    """
    if not texts:
        return
    encoded = encoded_texts(name, texts)
    if any(b"\0" in text for text in encoded):
        _fill_one_by_one(api, value, encoded)
    else:
        api.FillStringTensor(value, (c_char_p * len(encoded))(*encoded), len(encoded))


def _fill_one_by_one(api: Api, value: c_void_p, encoded: Sequence[bytes]) -> None:
    # C strings end at their first null; a buffer of known length does not.
    for index, text in enumerate(encoded):
        buffer = api.pointer(
            api.GetResizedStringTensorElementBuffer, value, index, len(text)
        )
        ctypes.memmove(buffer, text, len(text))


def read_strings(api: Api, value: c_void_p, count: int, name: str) -> list[str]:
    """
    The *count* texts of the string tensor *value*, row-major.

    Raises:
        Internal: The graph answered something that is not UTF-8.
    """
    if not count:
        return []
    size = api.count(api.GetStringTensorDataLength, value)
    content = ctypes.create_string_buffer(size + 1)
    starts = (c_size_t * count)()
    api.GetStringTensorContent(value, content, size, starts, count)
    raw = content.raw
    ends = [*starts[1:], size]
    try:
        return [
            raw[start:end].decode() for start, end in zip(starts, ends, strict=True)
        ]
    except UnicodeDecodeError as cause:
        raise Internal(f"output {name!r} holds text that is not UTF-8") from cause


def encoded_texts(name: str, texts: Sequence[str]) -> list[bytes]:
    """
    The *texts* of input *name* in UTF-8.

    Raises:
        BadRequest: One of them is no text, or not valid Unicode.
    """
    try:
        return [text.encode() for text in texts]
    except UnicodeEncodeError as cause:
        raise BadRequest(
            f"input {name!r} holds text that is not valid Unicode: {cause.reason}"
        ) from cause
    except AttributeError as cause:
        raise BadRequest(f"input {name!r} holds something that is no text") from cause
