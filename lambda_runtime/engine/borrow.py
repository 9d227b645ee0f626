"""Python's buffers lent to C without a copy."""

from __future__ import annotations

from ctypes import addressof, byref, c_char, c_size_t

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambda_runtime.tensor import Buffer


def borrowed(data: Buffer, alignment: int) -> tuple[Any, Any, object]:
    """
    Lend *data* to C: a pointer and a size for ctypes, and what keeps them good.

    Bytes and writable buffers are lent as they are. A read-only view, one with gaps,
    or one that lies across its elements' boundaries (a slice of a request's body may)
    is copied first.

    Args:
        data: Any buffer.
        alignment: What its address must be a multiple of [bytes].
    """
    if type(data) is not bytes:
        view = memoryview(data)
        if view.nbytes and view.c_contiguous and not view.readonly:
            first = c_char.from_buffer(data)
            if not addressof(first) % alignment:
                return byref(first), c_size_t(view.nbytes), first
        data = view.tobytes()
    return data, c_size_t(len(data)), data
