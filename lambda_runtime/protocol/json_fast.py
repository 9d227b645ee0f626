"""orjson in the place of `json_text`'s functions: the same values, read and written.

Importing it takes 22 ms: never before the first response.
"""

from __future__ import annotations

import sys
from _struct import iter_unpack

from lambda_runtime.protocol.json_text import Codec, plain_loads

try:
    import orjson
except ImportError:
    HERE = False
else:
    HERE = True
    quick_loads = orjson.loads
    """`loads`, but a ValueError, or floats beyond 64 bits, if it is not usual JSON."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lambda_runtime.tensor import Buffer

_LONG = b"0" * 19
_DIGITS = bytes(48 if 48 <= byte <= 57 else byte for byte in range(256))


def prefer() -> bool:
    """Put orjson in place, if it is there; whether it is."""
    if HERE:
        Codec.loads, Codec.numbers = staticmethod(loads), staticmethod(numbers)
        Codec.fast = sys.modules[__name__]
    return HERE


def loads(data: bytes | str) -> Any:
    """As `json_text.loads`."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if _beyond_64_bits(raw):
        return plain_loads(data)  # orjson would make floats of such integers
    try:
        return orjson.loads(raw)
    except ValueError:
        return plain_loads(data)  # NaN, a byte order mark, lone surrogates; or no JSON


def numbers(values: Sequence[float]) -> str:
    """As `json_text.numbers`."""
    return str(orjson.dumps(values)[1:-1], "ascii")


def rows(data: Buffer, width: int, code: str) -> bytes:
    """As `quick.rows`."""
    return orjson.dumps([*iter_unpack(f"<{width}{code}", data)])


def _beyond_64_bits(raw: bytes) -> bool:
    """Whether *raw* may hold an integer of more than 64 bits: no false negatives."""
    digits = raw.translate(_DIGITS)
    at = digits.find(_LONG)
    while at >= 0:
        if digits[at - 1 : at] != b".":
            return True
        while digits[at : at + 1] == b"0":
            at += 1
        at = digits.find(_LONG, at)
    return False
