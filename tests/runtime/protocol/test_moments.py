"""ISO 8601 times, held to the standard library's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime.protocol.coerce import Misfit
from lambda_runtime.protocol.moments import moments

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(moment: datetime) -> int:
    """Nanoseconds from 1970, exactly."""
    since = moment.replace(tzinfo=UTC) - EPOCH
    return ((since.days * 86_400 + since.seconds) * 10**6 + since.microseconds) * 1000


EARLY, LATE = datetime(1678, 1, 1), datetime(2262, 1, 1)  # noqa: DTZ001 - zoneless


@given(moment=st.datetimes(EARLY, LATE), separator=st.sampled_from("T "))
def test_every_moment_is_where_the_calendar_has_it(moment, separator):
    """Text to nanoseconds agrees with `datetime` for every date and time."""
    assert [nanoseconds(moment)] == moments([moment.isoformat(separator)])


@given(day=st.dates(date(1678, 1, 1), date(2261, 12, 31)))
def test_a_date_is_its_midnight(day):
    """A date alone means 00:00."""
    assert moments([f"{day}T00:00:00"]) == moments([day.isoformat()])


def test_fractions_reach_nanoseconds():
    """Nine digits after the point are kept."""
    assert [1_123_456_789] == moments(["1970-01-01T00:00:01.123456789"])


def test_integers_are_nanoseconds_already():
    """A number is taken as MLflow takes it: nanoseconds since 1970."""
    assert [1609459200000, -5, 7] == moments([1609459200000, -5, 7.0])


@pytest.mark.parametrize("missing", [None, float("nan"), "", "NaT", "nan", " "])
def test_missing_is_none(missing):
    """Null, NaN and the texts pandas reads as NaT are missing."""
    assert [None] == moments([missing])


@pytest.mark.parametrize(
    "text",
    [
        "2021-02-30", "2021-13-01", "2021-00-01", "2021-01-00", "1900-02-29",
        "2021-1-1",
        "21-01-01", "2021-01-01T24:00", "2021-01-01T23:60", "2021-01-01T23:59:60",
        "2021-01-01T1", "2021-01-01T01:02:03.", "2021-01-01T01:02:03.1234567891",
        "2021-01-01T01:02.5", "2021-01-01X01:02", "Jan 5 2021", "01/05/2021", "now",
        "today",
        "2021-01-01T01:02:03Z", "2021-01-01T01:02:03+01:00",
        "2021-01-01T01:02:03-05:00",
        "1500-01-01", "2300-01-01", "٢٠٢١-01-01", "2021--1-01", "-021-01-01", "1",
        "abc",
        True, [], {}, 1.5, float("inf"), 2**63,
    ],
)  # fmt: skip
def test_anything_else_is_a_misfit(text):
    """No guess is made at what is no ISO time without a zone between 1677 and 2262."""
    with pytest.raises(Misfit):
        moments([text])
