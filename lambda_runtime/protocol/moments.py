"""ISO 8601 date and time texts to nanoseconds since 1970, without `datetime`."""

from __future__ import annotations

from lambda_runtime.protocol.coerce import Misfit, each, kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_LIMIT = 1 << 63
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MISSING = frozenset({"", "NaT", "nat", "NaN", "nan", "null", "None"})


def moments(values: Sequence[Any]) -> list[int | None]:
    """Nanoseconds of ISO texts without a zone; integers are nanoseconds already."""
    return each(values, _moment)


def _moment(value: Any) -> int | None:
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return None
    if isinstance(value, str):
        if value.strip() in _MISSING:
            return None
        found = _parse(value.strip())
    elif isinstance(value, int) and not isinstance(value, bool):
        found = value
    elif isinstance(value, float) and value.is_integer():
        found = int(value)
    else:
        raise Misfit(kind(value))
    if not -_LIMIT < found < _LIMIT:
        raise Misfit("a time before 1677 or after 2262")
    return found


def _parse(value: str) -> int:
    date, time = value[:10], value[10:]
    if len(value) == 7:
        date, time = value + "-01", ""
    if time and time[0] not in "T ":
        raise Misfit("a text that is no ISO 8601 time")
    return (_day(date) * 86_400 * 10**9) + (_clock(time[1:]) if time else 0)


def _day(date: str) -> int:
    """Days from 1970-01-01, by the Gregorian calendar."""
    year, month, day = _numbers(date.split("-"), (4, 2, 2))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1] + (leap and month == 2):
        raise Misfit("a date that is not in the calendar")
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400
    days += sum(_DAYS[: month - 1]) + (leap and month > 2) + day - 1
    return days - 719_162


def _clock(time: str) -> int:
    """Nanoseconds from midnight."""
    if time[-1:] in {"Z", "z"} or "+" in time or "-" in time:
        zoned = Misfit("a time with a zone; send it without one")
        zoned.enforced = True
        raise zoned
    time, point, fraction = time.partition(".")
    if point and not (fraction.isascii() and fraction.isdigit() and len(fraction) <= 9):
        raise Misfit("a text that is no ISO 8601 time")
    parts = time.split(":")
    if not 2 <= len(parts) <= 3 or (point and len(parts) == 2):
        raise Misfit("a text that is no ISO 8601 time")
    hour, minute, second = [*_numbers(parts, (2, 2, 2)), 0][:3]
    if hour > 23 or minute > 59 or second > 59:
        raise Misfit("a time that is not on the clock")
    seconds = hour * 3600 + minute * 60 + second
    return seconds * 10**9 + int(fraction.ljust(9, "0") or 0)


def _numbers(parts: list[str], widths: tuple[int, ...]) -> list[int]:
    """*parts* as numbers of exactly these *widths*."""
    if len(parts) > len(widths) or any(
        len(part) != width or not (part.isascii() and part.isdigit())
        for part, width in zip(parts, widths, strict=False)
    ):
        raise Misfit("a text that is no ISO 8601 time")
    if len(widths) == 3 and widths[0] == 4 and len(parts) != 3:
        raise Misfit("a text that is no ISO 8601 date")
    return [int(part) for part in parts]
