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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_WHITE = " \t\n\r"
_BOM = b"\xef\xbb\xbf"
_CONSTANTS = {
    "NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf"),
}  # fmt: skip


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


def plain_loads(data: bytes | str) -> Any:
    """`loads`, whatever is preferred."""
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


def _dumps(value: Any) -> bytes:
    return "".join(_encode(value, 0)).encode("ascii")


def _numbers(values: Sequence[float]) -> str:
    return finite(",".join(map(repr, values)))


def finite(text: str) -> str:
    """Numbers as `repr` has them, with null for those that JSON lacks."""
    if "n" not in text:
        return text
    return text.replace("nan", "null").replace("-inf", "null").replace("inf", "null")


class Codec:
    """The functions in use; swapped as one by `prefer_fast`."""

    loads: Callable[[bytes | str], Any] = staticmethod(plain_loads)
    dumps: Callable[[Any], bytes] = staticmethod(_dumps)
    numbers: Callable[[Sequence[float]], str] = staticmethod(_numbers)
    fast: Any = None
    """`json_fast`, if it is preferred."""


def loads(data: bytes | str) -> Any:
    """
    Read one JSON text (UTF-8, a byte order mark allowed); duplicate keys: last wins.

    Raises:
        ValueError: It is not JSON, not UTF-8, or nested beyond the stack.
    """
    return Codec.loads(data)


def dumps(value: Any) -> bytes:
    """
    Write *value* as strict, compact JSON.

    Raises:
        ValueError: A float is NaN or infinite.
        TypeError: A value has no JSON form.
    """
    return Codec.dumps(value)


def numbers(values: Sequence[float]) -> str:
    """*values* joined with commas, as JSON; NaN and infinities are written null."""
    return Codec.numbers(values)


def prefer_fast() -> bool:
    """Swap in orjson if it is there; True if it is. For after the first response."""
    from lambda_runtime.protocol import json_fast  # noqa: PLC0415 - see there

    return json_fast.prefer()


def prefer_plain() -> None:
    """Go back to the standard library's functions."""
    Codec.loads, Codec.fast = staticmethod(plain_loads), None
    Codec.numbers = staticmethod(_numbers)
