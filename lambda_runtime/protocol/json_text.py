"""JSON in and out, without the cost of importing `json`.

The standard library's JSON is two C functions behind a Python package that costs 30
million instructions to import. The functions are used here directly; what they read
and write is what `json` reads and writes. After the first response `prefer_fast` may
put a faster library in their place, with the same values read and written.

Out, JSON is strict: no NaN, no Infinity, ASCII only. In, `NaN`, `Infinity` and
`-Infinity` are read as MLflow's server reads them.
"""

from __future__ import annotations

from _json import encode_basestring_ascii, make_encoder, make_scanner
from _struct import iter_unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from lambda_runtime.tensor import Buffer

_WHITE = " \t\n\r"
_BOM = b"\xef\xbb\xbf"
_CONSTANTS = {
    "NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf"),
}  # fmt: skip
_LONG = b"0" * 19
_DIGITS = bytes(48 if 48 <= byte <= 57 else byte for byte in range(256))


class _Settings:
    """What `make_scanner` asks of its context: `json`'s defaults."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = _CONSTANTS.__getitem__
    memo: dict[str, str] = {}  # noqa: RUF012 - Python 3.11's scanner wants the name


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} is not JSON serializable")


_scan = make_scanner(_Settings)  # type: ignore[arg-type]
_OFF = False
_encode = make_encoder(
    None, _refuse, encode_basestring_ascii, None, ":", ",", _OFF, _OFF, _OFF
)
"""Of the three that are off, the last is `allow_nan`."""


def text(value: str) -> str:
    """*value* as a JSON string, quotes included."""
    return encode_basestring_ascii(value)


def _loads(data: bytes | str) -> Any:
    if not isinstance(data, str):
        data = (data[3:] if data[:3] == _BOM else data).decode()
    body = data.strip(_WHITE)
    try:
        value, end = _scan(body, 0)
    except StopIteration as stop:
        raise ValueError(f"Expecting value: char {stop.value}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if end != len(body):
        raise ValueError(f"Extra data: char {end}")
    return value


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


def _dumps(value: Any) -> bytes:
    return "".join(_encode(value, 0)).encode("ascii")


def _rows(data: Buffer, width: int, code: str) -> bytes:
    row = "[" + ",".join(["%r"] * width) + "]"
    rows = ",".join(map(row.__mod__, iter_unpack(f"<{width}{code}", data)))
    return f"[{_finite(rows)}]".encode("ascii")


def _numbers(values: Sequence[float]) -> str:
    return _finite(",".join(map(repr, values)))


def _finite(text: str) -> str:
    """Numbers as `repr` has them, with null for those that JSON lacks."""
    if "n" not in text:
        return text
    return text.replace("nan", "null").replace("-inf", "null").replace("inf", "null")


class _Codec:
    """The functions in use; swapped as one by `prefer_fast`."""

    loads: Callable[[bytes | str], Any] = staticmethod(_loads)
    quick_loads: Callable[[bytes], Any] = staticmethod(_loads)
    rows: Callable[[Buffer, int, str], bytes] = staticmethod(_rows)
    dumps: Callable[[Any], bytes] = staticmethod(_dumps)
    numbers: Callable[[Sequence[float]], str] = staticmethod(_numbers)


def loads(data: bytes | str) -> Any:
    """
    Read one JSON text (UTF-8, a byte order mark allowed); duplicate keys: last wins.

    Raises:
        ValueError: It is not JSON, not UTF-8, or nested beyond the stack.
    """
    return _Codec.loads(data)


def quick_loads(data: bytes) -> Any:
    """
    `loads`, but what is not usual may be a ValueError or, beyond 64 bits, a float.

    Raises:
        ValueError: `loads` has to look at it.
    """
    return _Codec.quick_loads(data)


def dumps(value: Any) -> bytes:
    """
    Write *value* as strict, compact JSON.

    Raises:
        ValueError: A float is NaN or infinite.
        TypeError: A value has no JSON form.
    """
    return _Codec.dumps(value)


def numbers(values: Sequence[float]) -> str:
    """*values* joined with commas, as JSON; NaN and infinities are written null."""
    return _Codec.numbers(values)


def rows(data: Buffer, width: int, code: str) -> bytes:
    """
    Rows of packed numbers as nested lists; NaN and infinities are written null.

    Args:
        data: Little-endian elements, row-major.
        width: Elements in a row, > 0.
        code: `struct`'s code of an element; of a number, not of a boolean.
    """
    return _Codec.rows(data, width, code)


def prefer_fast() -> bool:
    """Swap in orjson if it is there; True if it is. For after the first response."""
    try:
        import orjson  # noqa: PLC0415 - 22 ms, never before the first response
    except ImportError:
        return False

    def fast_loads(data: bytes | str) -> Any:
        raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        if _beyond_64_bits(raw):
            return _loads(data)  # orjson would make floats of such integers
        try:
            return orjson.loads(raw)
        except ValueError:
            return _loads(data)  # NaN, a byte order mark, lone surrogates; or no JSON

    def fast_numbers(values: Sequence[float]) -> str:
        return str(orjson.dumps(values)[1:-1], "ascii")

    def fast_rows(data: Buffer, width: int, code: str) -> bytes:
        packed: bytes = orjson.dumps([*iter_unpack(f"<{width}{code}", data)])
        return packed

    _Codec.loads = staticmethod(fast_loads)
    _Codec.quick_loads = staticmethod(orjson.loads)
    _Codec.rows = staticmethod(fast_rows)
    _Codec.numbers = staticmethod(fast_numbers)
    return True


def prefer_plain() -> None:
    """Go back to the standard library's functions."""
    _Codec.loads = _Codec.quick_loads = staticmethod(_loads)
    _Codec.rows = staticmethod(_rows)
    _Codec.numbers = staticmethod(_numbers)
