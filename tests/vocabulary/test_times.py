"""Instants: read with an offset, written one way, refused when unclear."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.errors import BadInput
from beaconfire.vocabulary.times import EARLIEST, LATEST, Instant, window95

instants = st.integers(EARLIEST.ns, LATEST.ns).map(Instant)


@given(instants)
def test_an_instant_is_read_back_as_written(instant):
    """One instant has one spelling, and that spelling names it."""
    assert Instant.parse(str(instant)) == instant


@given(instants)
def test_an_instant_is_written_with_3_6_or_9_digits(instant):
    """The fewest of 3, 6 or 9 fractional digits that lose nothing, and a Z."""
    text = str(instant)
    digits = len(text) - text.index(".") - 2
    assert text.endswith("Z")
    assert digits in (3, 6, 9)
    if digits > 3:
        assert not text[:-1].endswith("000")


@given(st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)))
def test_an_instant_agrees_with_the_standard_library(moment):
    """The calendar is the standard library's, to the microsecond."""
    moment = moment.replace(tzinfo=UTC)
    assert Instant.parse(moment.isoformat()).ns == (
        (moment - datetime(1970, 1, 1, tzinfo=UTC)).days * 86_400_000_000_000
        + (moment - datetime(1970, 1, 1, tzinfo=UTC)).seconds * 1_000_000_000
        + moment.microsecond * 1_000
    )


def test_an_offset_is_converted_and_never_dropped():
    """18:00+02:00 is 16:00 UTC: dropping an offset is a two-hour error in a warning."""
    assert Instant.parse("2022-10-04T18:00:00+02:00") == Instant.parse(
        "2022-10-04T16:00:00Z"
    )


@pytest.mark.parametrize(
    "text",
    [
        "2022-10-04T07:22:00",
        "2022-10-04",
        "2022-02-30T00:00:00Z",
        "2022-10-04T24:00:00Z",
        "2022-10-04T07:22:60Z",
        "2022-10-04T07:22:00.1234567890Z",
        "1969-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "２022-10-04T07:22:00Z",
        "2022-10-04T07:22:00Z\n",
        "",
        "x" * 10_000,
    ],
)
def test_an_unclear_time_is_refused_in_one_sentence(text):
    """A missing offset, an impossible day or strange digits are refused, shortly."""
    with pytest.raises(BadInput) as caught:
        Instant.parse(text)
    assert len(str(caught.value)) < 200


@given(instants, st.floats(-1e6, 1e6))
def test_seconds_are_added_and_taken_off_again(instant, seconds):
    """Differences are in seconds, exact to the nanosecond's rounding."""
    moved = instant.plus_s(seconds)
    assert abs(moved.seconds_since(instant) - seconds) < 2e-9 + abs(seconds) * 1e-15


def test_an_instant_does_not_change():
    """An instant is a value."""
    with pytest.raises(AttributeError):
        Instant(1).ns = 2


@given(instants, st.floats(0.0, 1e12))
def test_a_window_stays_where_an_instant_can_be_written(instant, sigma_s):
    """What could not be read again would end the journal there."""
    early, late = window95(instant, sigma_s)
    assert EARLIEST <= early <= instant <= late <= LATEST
